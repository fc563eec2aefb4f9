import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRepositoryConfig } from "../../pipelines/config/parse-repository-config.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { builtInRoot } from "../../pipelines/registry/trust/built-in-root.ts";
import { readTrustPolicy } from "../../pipelines/registry/trust/policy-source.ts";
import { describeWanted } from "../../pipelines/registry/trust/trust-policy.ts";
import { readTrustedRoot } from "../../pipelines/registry/trust/trusted-root.ts";
import { isolatedEnvironment } from "../isolated-environment.ts";
import { scratchFolder } from "../templates.ts";
import { opsKey, otherKey } from "./builders.ts";

const pem = (key: typeof opsKey.publicKey) => key.export({ format: "pem", type: "spki" }).toString();
let folder: string;
let env: Record<string, string | undefined>;

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", args, { cwd: join(folder, cwd), env: env as NodeJS.ProcessEnv, encoding: "utf8" }).trim();

function write(cwd: string, trust: string | null, key = pem(opsKey.publicKey)): void {
  mkdirSync(join(folder, cwd, "keys"), { recursive: true });
  writeFileSync(join(folder, cwd, "keys/ops.pub"), key);
  writeFileSync(join(folder, cwd, "mergeml.yaml"), trust ?? "data: [data]\n");
  git(cwd, "add", ".");
  git(cwd, "commit", "-qm", "trust");
}

const byOps = "trust: { signers: [{ key: keys/ops.pub }] }\n";

beforeAll(() => {
  folder = scratchFolder("policy");
  env = isolatedEnvironment(folder);
  mkdirSync(join(folder, "origin"));
  git("origin", "init", "-q", "--initial-branch=main");
  write("origin", byOps);
  git(".", "clone", "-q", "origin", "clone");
  git("origin", "switch", "-qc", "release");
  write("origin", null);
  git("origin", "switch", "-q", "main");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function policyIn(cwd: string, more: Record<string, string> = {}, remote: string | null = "origin") {
  const all = { ...env, ...more };
  await using opened = openGit(join(folder, cwd), { env: all });
  return readTrustPolicy({ git: opened, remote, env: all });
}

const wantedIn = async (...place: Parameters<typeof policyIn>) => {
  const policy = await policyIn(...place);
  return policy && describeWanted(policy);
};

function event(name: string): Record<string, string> {
  const path = join(folder, "event.json");
  writeFileSync(path, JSON.stringify({ repository: { default_branch: "main" } }));
  return { CI: "true", GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path };
}

/** GitHub's test merge of a pull request that changes the policy, checked out alone. */
function testMerge(base: string, trust: string | null): Record<string, string> {
  const cwd = `pull-${base}-${trust === null ? "none" : "other"}`;
  git(".", "clone", "-q", "--branch", base, "origin", cwd);
  git(cwd, "switch", "-qc", "feature");
  write(cwd, trust, pem(otherKey.publicKey));
  git(cwd, "switch", "-q", "--detach", `origin/${base}`);
  git(cwd, "merge", "-q", "--no-ff", "-m", "merge", "feature");
  git(cwd, "update-ref", "-d", "refs/remotes/origin/HEAD");
  git(cwd, "update-ref", "-d", "refs/remotes/origin/main");
  const sha = git(cwd, "rev-parse", "HEAD");
  return { cwd, GITHUB_REF: "refs/pull/7/merge", GITHUB_SHA: sha, GITHUB_BASE_REF: base, ...event("pull_request") };
}

describe("the policy", () => {
  it("is the default branch's, whatever lies in the work tree", async () => {
    writeFileSync(join(folder, "clone/mergeml.yaml"), "data: [data]\n");
    expect(await wantedIn("clone")).toMatch(/^the key keys\/ops\.pub \(sha256:[0-9a-f]{12}\)$/);
    git("clone", "commit", "-qam", "Trust nobody");
    expect(await wantedIn("clone")).toMatch(/keys\/ops\.pub/);
  });

  it.each([
    ["takes it away", null],
    ["names another key", byOps],
    ["lets anybody sign", "trust: { require: nothing, signers: [{ workflow: eve/x/y.yml@refs/heads/main }] }\n"],
  ])("is not what a pull request says that %s", async (_, trust) => {
    const { cwd = "", ...more } = testMerge("main", trust);
    const policy = await policyIn(cwd, more);
    expect(policy?.signers).toMatchObject([{ kind: "key", key: expect.anything() }]);
    expect(policy?.required).toBe(true);
    const [signer] = policy!.signers;
    expect(signer?.kind === "key" && signer.key.equals(opsKey.publicKey)).toBe(true);
    rmSync(join(folder, cwd), { recursive: true });
  });

  it("is fetched where a pull request is to another branch than the default one", async () => {
    const { cwd = "", ...more } = testMerge("release", null);
    expect(await wantedIn(cwd, more)).toMatch(/keys\/ops\.pub/);
  });

  it("is that of main where there is no remote", async () => {
    mkdirSync(join(folder, "alone"));
    git("alone", "init", "-q", "--initial-branch=main");
    write("alone", byOps);
    git("alone", "switch", "-qc", "feature");
    write("alone", null);
    expect(await wantedIn("alone", {}, null)).toMatch(/keys\/ops\.pub/);
  });

  it.each([
    [
      "a signer of two kinds",
      "trust: { signers: [{ key: keys/ops.pub, workflow: a/b/c.yml@refs/heads/main }] }\n",
      /several of them/,
    ],
    ["a key that is not there", "trust: { signers: [{ key: keys/none.pub }] }\n", /has no such file/],
    ["a word that is wrong", "trust: { signer: [] }\n", /signer/],
    ["a person without an issuer", "trust: { signers: [{ identity: ops@acme.com }] }\n", /lacks its issuer/],
    ["YAML that is broken", "trust: { signers: [\n", /./],
  ])("is no policy for nobody, but an error, with %s", async (_, trust, says) => {
    mkdirSync(join(folder, "wrong"), { recursive: true });
    git("wrong", "init", "-q", "--initial-branch=main");
    write("wrong", trust);
    await expect(policyIn("wrong", {}, null)).rejects.toThrow(says);
  });

  it("is none where mergeml.yaml has none", async () => {
    mkdirSync(join(folder, "none"));
    git("none", "init", "-q", "--initial-branch=main");
    write("none", null);
    expect(await policyIn("none", {}, null)).toBeNull();
  });
});

it("says where trust is wrong in mergeml.yaml", () => {
  const { problems } = parseRepositoryConfig(
    "trust:\n  signers: [{ key: ../ops.pub }]\n  sigstore: { fulcio: https://f.example }\n",
    "mergeml.yaml",
  );
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining("must be a file inside the repository"),
    expect.stringContaining("neither rekor nor timestamp"),
  ]);
});

it("has Sigstore's public root, without a network", () => {
  const { certificateAuthorities, tlogs, ctlogs } = readTrustedRoot({ text: builtInRoot(), file: "built in" });
  expect([certificateAuthorities.length, tlogs.length, ctlogs.length].every((count) => count > 0)).toBe(true);
});
