import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { GitError, type GitFailureKind } from "../../pipelines/registry/git/failure.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { openRegistry } from "../../pipelines/registry/registry.ts";
import { deploy, makeSandbox, memoryStore, type Sandbox, ticking } from "./builders.ts";

function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Serves pushes as somebody who may only read the repository; root may write anywhere, so it becomes nobody. */
function makeReadOnly({ plain, origin, folder }: Sandbox): void {
  if (process.getuid?.() !== 0) {
    execFileSync("chmod", ["-R", "a-w", origin]);
    return;
  }
  execFileSync("chmod", ["-R", "a+rX", folder]);
  writeFileSync(join(folder, "trusting"), "[safe]\n\tdirectory = *\n");
  const become = "setpriv --reuid=65534 --regid=65534 --clear-groups";
  const serve = `exec env GIT_CONFIG_GLOBAL=${join(folder, "trusting")} ${become} git-receive-pack "$@"`;
  plain(["config", "remote.origin.receivepack", script(join(folder, "as-nobody"), serve)]);
}

interface Case {
  title: string;
  spoil(sandbox: Sandbox): void;
  mend(sandbox: Sandbox): void;
  kind: GitFailureKind;
  says: RegExp;
}

const cases: Case[] = [
  {
    title: "a remote hook that rejects",
    spoil: ({ origin }) => script(join(origin, "hooks/pre-receive"), 'echo "only the release manager may" >&2; exit 1'),
    mend: ({ origin }) => rmSync(join(origin, "hooks/pre-receive")),
    kind: "refused",
    says: /the remote refused the push: .*only the release manager may.*pre-receive hook declined/,
  },
  {
    title: "a remote that is gone",
    spoil: ({ origin }) => renameSync(origin, `${origin}.away`),
    mend: ({ origin }) => renameSync(`${origin}.away`, origin),
    kind: "network",
    says: /the remote cannot be reached: .*origin\.git.* does not appear to be a git repository.*\ncheck the network/,
  },
  {
    title: "a remote whose disk is full",
    spoil: ({ plain, folder }) => {
      const full = script(join(folder, "full"), `trap '' XFSZ; ulimit -f 0; exec git-receive-pack "$@"`);
      plain(["config", "remote.origin.receivepack", full]);
    },
    mend: ({ plain }) => plain(["config", "--unset", "remote.origin.receivepack"]),
    kind: "disk-full",
    says: /the disk is full: .*File too large/,
  },
  {
    title: "a remote that may only be read",
    spoil: makeReadOnly,
    mend: ({ plain, origin }) => {
      execFileSync("chmod", ["-R", "u+w", origin]);
      if (process.getuid?.() === 0) plain(["config", "--unset", "remote.origin.receivepack"]);
    },
    kind: "read-only",
    says: /the repository cannot be written to: .*(Permission denied|insufficient permission|unable to create temporary)/,
  },
  {
    title: "a lock that a killed server left behind",
    spoil: ({ origin }) => writeFileSync(join(origin, "refs/heads/registry.lock"), ""),
    mend: ({ origin }) => rmSync(join(origin, "refs/heads/registry.lock")),
    kind: "locked",
    says: /branch registry on origin could not be moved though nobody else writes: another git process holds a lock/,
  },
  {
    title: "a git that does not know who you are",
    spoil: ({ plain }) => plain(["config", "user.useConfigOnly", "true"]),
    mend: ({ plain }) => {
      plain(["config", "user.name", "Ada"]);
      plain(["config", "user.email", "ada@example.org"]);
    },
    kind: "identity",
    says: /git does not know who you are: .*\ntell it: git config user\.name/,
  },
];

/** As `sandbox.registry`, but asking git anew who writes, and nobody told it by the environment. */
function fresh({ work, env, store }: Sandbox, nameless: boolean) {
  const { GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME, GIT_COMMITTER_EMAIL, ...unnamed } = env;
  const git = openGit(work, { env: nameless ? unnamed : env });
  const clock = ticking(Date.UTC(2026, 5, 1));
  return openRegistry({ git, store, clock, branch: "registry", log: silentLog, random: () => 0 });
}

describe("registering against", () => {
  it.each(cases)("$title: says so, nothing is half registered, and works again once mended", async (each) => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    const before = sandbox.tip();
    each.spoil(sandbox);
    const registry = fresh(sandbox, each.kind === "identity");
    const error = await deploy(registry, { tag: "b", rmse: 400 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect((error as Error).message).toMatch(each.says);
    const cause = error instanceof GitError ? error : (error as Error).cause;
    expect(cause).toMatchObject({ kind: each.kind, tried: expect.stringMatching(/^git /) });
    each.mend(sandbox);
    expect(sandbox.tip()).toBe(before);
    const again = fresh(sandbox, each.kind === "identity");
    expect(await deploy(again, { tag: "b", rmse: 400 })).toMatchObject({ version: 2 });
    expect(await again.verify()).toMatchObject({ problems: [], notes: [], versions: 2, promotions: 2 });
  });

  it("a clone with a left-over lock of its tracking ref goes on without it", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    writeFileSync(join(sandbox.work, ".git/refs/remotes/origin/registry.lock"), "");
    expect(await deploy(sandbox.registry, { tag: "a", rmse: 500 })).toMatchObject({ version: 1 });
    expect(await deploy(sandbox.registry, { tag: "b", rmse: 400 })).toMatchObject({ version: 2, from: 1 });
  });

  it("the user's pre-push hook does not run it", async () => {
    using sandbox = makeSandbox();
    const ran = join(sandbox.folder, "ran");
    mkdirSync(join(sandbox.work, ".git/hooks"), { recursive: true });
    script(join(sandbox.work, ".git/hooks/pre-push"), `touch ${ran}; exit 1`);
    script(join(sandbox.work, ".git/hooks/reference-transaction"), `touch ${ran}; exit 1`);
    await sandbox.registry.init();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    expect(existsSync(ran)).toBe(false);
  });
});

describe("git itself", () => {
  it("that hangs is stopped", async () => {
    using sandbox = makeSandbox();
    const { plain, folder, work, env } = sandbox;
    plain(["config", "remote.origin.uploadpack", script(join(folder, "hang"), "exec sleep 60")]);
    const git = openGit(work, { env, timeoutSeconds: 0.5 });
    const registry = openRegistry({ git, store: memoryStore(), clock: ticking(), branch: "registry", log: silentLog });
    await expect(registry.snapshot()).rejects.toThrow(/^git fetch .* made no progress for 0\.5 s and was stopped/);
  });

  it("that is slow, but goes on, is not", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const { plain, folder, work, env } = sandbox;
    const slow = 'for _ in 1 2 3 4 5 6 7 8 9; do echo "Writing objects:  9% (1/11)" >&2; sleep 0.5; done';
    plain(["config", "remote.origin.uploadpack", script(join(folder, "slow"), `${slow}; exec git-upload-pack "$@"`)]);
    const git = openGit(work, { env, timeoutSeconds: 3 });
    const registry = openRegistry({ git, store: memoryStore(), clock: ticking(), branch: "registry", log: silentLog });
    expect(await registry.snapshot()).toMatchObject({ tip: sandbox.tip() });
  });

  it("that is not installed is named", async () => {
    using sandbox = makeSandbox({ remote: false });
    const git = openGit(sandbox.work, { env: { PATH: join(sandbox.folder, "empty") } });
    await expect(git.root()).rejects.toThrow("git could not be started: spawn git ENOENT\ninstall git");
  });

  it("outside a repository says so", async () => {
    using sandbox = makeSandbox({ remote: false });
    const git = openGit(sandbox.folder, { env: sandbox.env });
    await expect(git.root()).rejects.toThrow("this is not a git repository: not a git repository");
    expect(await git.headCommit()).toBeNull();
    expect(await git.commitOf(sandbox.folder)).toBeNull();
    expect(await git.isDirty(sandbox.folder)).toBe(false);
  });

  it("never tells the credentials of a URL", async () => {
    using sandbox = makeSandbox();
    sandbox.plain(["remote", "set-url", "origin", "http://ada:s3cret@127.0.0.1:1/registry.git"]);
    const error = await sandbox.registry.snapshot().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: "network" });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain("s3cret");
  });
});
