import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { parseFoundDrift } from "../../pipelines/run-log/found-drift.ts";
import { keepDrift, readDrift } from "../../pipelines/run-log/keep-drift.ts";
import { makeSandbox } from "../registry/builders.ts";
import { modelDrift } from "../watch/drift/results.ts";

const clock = { now: () => new Date("2026-11-21T09:00:00Z") };

it("what a job found is read elsewhere: the last of each model, and nothing that is no finding", async () => {
  using sandbox = makeSandbox();
  const git = openGit(sandbox.work, { env: sandbox.env });
  const pusher = { git, remote: "origin", clock, log: silentLog, random: () => 0 };
  const origin = openGit(sandbox.origin, { env: sandbox.env });
  const read = () => readDrift(origin, sandbox.plain(["rev-parse", "mergeml/runs"], sandbox.origin));
  const commits = () => sandbox.plain(["rev-list", "--count", "mergeml/runs"], sandbox.origin);
  await keepDrift(pusher, [modelDrift({ model: "rent" }), modelDrift({ model: "price" })]);
  const later = modelDrift({ model: "rent", outcome: "drift", persistent: "drift" });
  await keepDrift(pusher, [later]);
  await keepDrift(pusher, [later]);
  await keepDrift(pusher, []);
  expect(commits()).toBe("2");
  const { version, window, history } = later;
  expect((await read()).get("rent")).toEqual({
    ...{ model: "rent", version, window, history },
    ...{ outcome: "drift", persistent: "drift" },
  });
  const folder = join(sandbox.folder, "person");
  sandbox.plain(["clone", "-q", "--branch", "mergeml/runs", sandbox.origin, "person"], sandbox.folder);
  mkdirSync(join(folder, "drift/deep"));
  const text = (change: object) => JSON.stringify({ ...later, ...change });
  writeFileSync(join(folder, "drift/price.json"), text({}));
  writeFileSync(join(folder, "drift/other.json"), text({ model: "other", outcome: "constructor" }));
  writeFileSync(join(folder, "drift/deep/rent.json"), text({ version: 9 }));
  for (const args of [
    ["add", "."],
    ["commit", "-qm", "Mine"],
    ["push", "-q", "origin", "mergeml/runs"],
  ])
    sandbox.plain(args, folder);
  expect([...(await read()).keys()]).toEqual(["rent"]);
  await keepDrift({ ...pusher, remote: null }, [modelDrift({ model: "price" })]);
  expect(await readDrift(origin, null)).toEqual(new Map());
});

it.each(["", "{", "null", "[]", `"${"x".repeat(200_000)}"`])("%.10s is no finding", (text) => {
  expect(parseFoundDrift(Buffer.from(text))).toBeNull();
});
