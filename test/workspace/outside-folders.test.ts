import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { isolatedEnvironment } from "../isolated-environment.ts";

let root: string;
let elsewhere: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "mergeml-inside-")));
  elsewhere = await realpath(await mkdtemp(join(tmpdir(), "mergeml-outside-")));
  await openGit(root, { env: isolatedEnvironment(root), log: silentLog }).run(["init", "--quiet"]);
  await writeFile(join(root, "mergeml.yaml"), `store: ${elsewhere}/store\npredictions: ${elsewhere}/log\n`);
});

afterEach(async () => {
  await rm(root, { recursive: true });
  await rm(elsewhere, { recursive: true });
});

const open = (env: Record<string, string>) =>
  openWorkspace({
    directory: root,
    env: { ...isolatedEnvironment(root), ...env },
    clock: systemClock,
    log: silentLog,
    useCache: true,
  });

test("a pull request cannot have a CI job write outside of its checkout", async () => {
  const { problems } = await open({ CI: "true" }).then(
    () => ({ problems: [] }),
    (error: unknown) => error as { problems: { where: { line: number; column: number } }[] },
  );
  expect(problems.map(({ where: { line, column } }) => [line, column])).toEqual([
    [1, 8],
    [2, 14],
  ]);
});

test("on a laptop it is the owner's own wish", async () => {
  const { store, repository } = await open({ CI: "false" });
  await using staging = await store.staging();
  expect(staging.path.startsWith(join(elsewhere, "store"))).toBe(true);
  expect(repository.predictions).toBe(join(elsewhere, "log"));
});

test("whoever runs the job says where else", async () => {
  const given = { MERGEML_STORE: join(elsewhere, "mine"), MERGEML_PREDICTIONS: join(elsewhere, "ours") };
  const { store, repository } = await open({ CI: "true", ...given });
  await using staging = await store.staging();
  expect(staging.path.startsWith(given.MERGEML_STORE)).toBe(true);
  expect(repository).toMatchObject({ store: given.MERGEML_STORE, predictions: given.MERGEML_PREDICTIONS });
});
