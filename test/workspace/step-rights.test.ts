import { execFileSync } from "node:child_process";
import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { areHalves, stepRights } from "../../pipelines/workspace/shared-steps.ts";

const [main, stranger] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
const publicText = ({ publicKey }: KeyPairKeyObjectResult) =>
  publicKey.export({ format: "der", type: "spki" }).toString("base64");
const privateText = ({ privateKey }: KeyPairKeyObjectResult) =>
  privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-rights-"));
  const origin = join(folder, "origin");
  execFileSync("git", ["init", "--quiet", "--initial-branch=main", origin]);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...args], { cwd: origin });
  git("commit", "--quiet", "--allow-empty", "-m", "before");
  git("branch", "before");
  writeFileSync(join(origin, "mergeml.yaml"), `step_cache: { public_key: "${publicText(main)}" }\n`);
  git("add", ".");
  git("commit", "--quiet", "-m", "keys");
  execFileSync("git", ["clone", "--quiet", origin, join(folder, "clone")]);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Env = Record<string, string>;

/** Of whom results are taken, and whether some are left. */
async function rightsIn(env: Env, written: KeyPairKeyObjectResult | null = main) {
  const all = { ...process.env, ...env };
  const warnings: string[] = [];
  await using git = openGit(join(folder, "clone"), { env: all, log: silentLog });
  const config = written ? { step_cache: { public_key: publicText(written) } } : {};
  const log = { warn: (message: string) => void warnings.push(message) };
  const rights = await stepRights({ git, remote: "origin", env: all }, config, log);
  const of = [main, stranger].find(({ privateKey }) => rights && areHalves(privateKey, rights.trusted));
  return {
    takes: of === main ? "main's" : of === stranger ? "a stranger's" : "nobody's",
    leaves: !!rights?.own,
    warnings,
  };
}

const push = { GITHUB_EVENT_NAME: "push", GITHUB_BASE_REF: "" };
const pull = { GITHUB_EVENT_NAME: "pull_request", GITHUB_BASE_REF: "main" };
const key = { MERGEML_STEP_KEY: privateText(main) };
const pem = { MERGEML_STEP_KEY: main.privateKey.export({ format: "pem", type: "pkcs8" }).toString() };

test.each<[string, Env, KeyPairKeyObjectResult | null, string, boolean]>([
  ["a job of the main branch with the key", { ...push, ...key }, main, "main's", true],
  ["one whose key is PEM", { ...push, ...pem }, main, "main's", true],
  ["one without the key", push, main, "main's", false],
  ["one without step_cache", { ...push, ...key }, null, "nobody's", false],
  ["a pull request's job", pull, main, "main's", false],
  ["a pull request's job that was given the key", { ...pull, ...key }, main, "main's", false],
  ["a pull request that brings a key of its own", pull, stranger, "main's", false],
  ["one that was given both halves", { ...pull, MERGEML_STEP_KEY: privateText(stranger) }, stranger, "main's", false],
  ["a pull request that takes step_cache away", { ...pull, ...key }, null, "nobody's", false],
  ["a pull request that brings step_cache", { ...pull, GITHUB_BASE_REF: "before" }, stranger, "nobody's", false],
  ["pull_request_target", { ...pull, ...key, GITHUB_EVENT_NAME: "pull_request_target" }, main, "main's", false],
  ["a merge queue", { GITHUB_EVENT_NAME: "merge_group", GITHUB_BASE_REF: "", ...key }, main, "nobody's", false],
])("%s", async (_title, env, written, takes, leaves) => {
  expect(await rightsIn(env, written)).toEqual({ takes, leaves, warnings: [] });
});

test("a key that does not fit is told, without it", async () => {
  const other = await rightsIn({ ...push, MERGEML_STEP_KEY: privateText(stranger) });
  expect(other).toMatchObject({ takes: "main's", leaves: false });
  expect(other.warnings.join()).toContain("of another pair than step_cache.public_key");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  for (const text of ["nonsense", privateText(rsa)]) {
    const { leaves, warnings } = await rightsIn({ ...push, MERGEML_STEP_KEY: text });
    expect(leaves).toBe(false);
    expect(warnings.join()).toContain("no private key of Ed25519");
    expect(warnings.join()).not.toContain(text);
  }
});
