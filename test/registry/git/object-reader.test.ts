import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openGit } from "../../../pipelines/registry/git/git.ts";
import { readAllObjects, readObjects } from "../../../pipelines/registry/git/objects.ts";
import { makeSandbox, type Sandbox } from "../builders.ts";
import { isRunning, watchGit } from "./watched-git.ts";

/** The sandbox's git, and the processes it starts to read objects. */
function watched({ folder, work, env }: Sandbox, instead?: string) {
  const watching = watchGit(folder, env, instead);
  return { ...watching, git: openGit(work, { env: watching.env, timeoutSeconds: 20 }) };
}

const write = (sandbox: Sandbox, text: string) => sandbox.plain(["hash-object", "-w", "--stdin"], sandbox.work, text);

it("asks one process for everything, and ends it", async () => {
  using sandbox = makeSandbox({ remote: false });
  const { git, started } = watched(sandbox);
  const ten = Array.from({ length: 10 }, (_, each) => write(sandbox, `text ${each}`));
  const names = Array.from({ length: 25 }, () => ten).flat();
  for (let turn = 0; turn < 3; turn += 1) {
    const objects = await readAllObjects(git, [...names, "HEAD:nothing here", "HEAD"]);
    expect(objects.map((each) => each?.content.toString() ?? null).slice(245, 251)).toEqual([
      ...["text 5", "text 6", "text 7", "text 8", "text 9"],
      null,
    ]);
    expect(objects[251]?.type).toBe("commit");
  }
  expect(started()).toHaveLength(1);
  await git[Symbol.asyncDispose]();
  expect(isRunning(started()[0]!)).toBe(false);
});

it("ends the process of a reader that has seen enough, whose other answers nobody wants", async () => {
  using sandbox = makeSandbox({ remote: false });
  const { git, started } = watched(sandbox);
  const large = write(sandbox, "line\n".repeat(100_000));
  for await (const object of readObjects(git, ["HEAD", large, large])) {
    expect(object?.type).toBe("commit");
    break;
  }
  expect(isRunning(started()[0]!)).toBe(false);
  expect((await readAllObjects(git, [large]))[0]?.content).toHaveLength(500_000);
  await git[Symbol.asyncDispose]();
});

it("gives a reader inside the loop of another one its own", async () => {
  using sandbox = makeSandbox({ remote: false });
  const { git, started } = watched(sandbox);
  const names = ["a", "b"].map((text) => write(sandbox, text));
  const seen: string[] = [];
  for await (const outer of readObjects(git, names))
    for await (const inner of readObjects(git, names)) seen.push(`${outer?.content}${inner?.content}`);
  expect(seen).toEqual(["aa", "ab", "ba", "bb"]);
  expect(started()).toHaveLength(2);
  await git[Symbol.asyncDispose]();
});

it("answers all who ask at once in turn, through one process, also after one of them failed or had enough", async () => {
  using sandbox = makeSandbox({ remote: false });
  const { git, started } = watched(sandbox);
  const names = ["a", "b", "c"].map((text) => write(sandbox, text));
  const seen: string[] = [];
  const refused = git.objects.visit(names, () => {
    throw new Error("not this one");
  });
  const asked = Array.from({ length: 20 }, async () => {
    const objects = await readAllObjects(git, names);
    seen.push(objects.map((each) => each?.content).join(""));
  });
  const first = git.objects.visit(names, (object, index) => index === 1 || void seen.push(`${object?.content}`));
  await expect(refused).rejects.toThrow("not this one");
  await Promise.all([...asked, first]);
  expect(seen).toEqual([...Array.from({ length: 20 }, () => "abc"), "a"]);
  // What was left of the refused answers is dropped with its process.
  expect(started().length).toBeLessThanOrEqual(2);
  await git[Symbol.asyncDispose]();
});

it("sees what was written, fetched and packed after it started", async () => {
  using sandbox = makeSandbox();
  await using git = openGit(sandbox.work, { env: sandbox.env });
  expect(await readAllObjects(git, ["HEAD", "refs/remotes/origin/main:later"])).toMatchObject([
    { type: "commit" },
    null,
  ]);
  sandbox.plain(["push", "-q", "origin", "main"]);
  const person = join(sandbox.folder, "person");
  sandbox.plain(["clone", "-q", sandbox.origin, person], sandbox.folder);
  writeFileSync(join(person, "later"), "Later.\n");
  sandbox.plain(["add", "."], person);
  sandbox.plain(["commit", "-qm", "Later"], person);
  sandbox.plain(["push", "-q"], person);
  sandbox.plain(["-c", "fetch.unpackLimit=1", "fetch", "-q", "origin"]);
  const found = async () => (await readAllObjects(git, ["refs/remotes/origin/main:later"]))[0]?.content.toString();
  expect(await found()).toBe("Later.\n");
  sandbox.plain(["repack", "-adq"]);
  sandbox.plain(["prune-packed"]);
  expect(await found()).toBe("Later.\n");
});

it("starts another one when somebody ended it", async () => {
  using sandbox = makeSandbox({ remote: false });
  const { git, started } = watched(sandbox);
  await readAllObjects(git, ["HEAD"]);
  process.kill(started()[0]!, "SIGKILL"); // its end has not been told yet when the next is asked for
  expect(await readAllObjects(git, ["HEAD", "HEAD:nothing here"])).toMatchObject([{ type: "commit" }, null]);
  expect(started()).toHaveLength(2);
  await git[Symbol.asyncDispose]();
});

it("says so when git fails or answers nothing, and does not try for ever", async () => {
  using sandbox = makeSandbox({ remote: false });
  const failing = watched(sandbox, "echo 'fatal: object file .git/objects/aa is empty' >&2; exit 128");
  await expect(readAllObjects(failing.git, ["HEAD"])).rejects.toMatchObject({ name: "GitError", kind: "damaged" });
  expect(failing.started()).toHaveLength(1);
  const silent = openGit(sandbox.work, { env: { ...sandbox.env, PATH: `${mute(sandbox)}:/bin` }, timeoutSeconds: 0.3 });
  await expect(readAllObjects(silent, ["HEAD"])).rejects.toMatchObject({ name: "GitError", kind: "timeout" });
});

/** A folder with a git that listens and never answers. */
function mute({ folder }: Sandbox): string {
  const bin = join(folder, "mute");
  mkdirSync(bin);
  writeFileSync(join(bin, "git"), "#!/bin/sh\nexec cat > /dev/null\n", { mode: 0o755 });
  return bin;
}

it("keeps no process alive that forgets to end it", () => {
  using sandbox = makeSandbox({ remote: false });
  const modules = join(import.meta.dirname, "../../../pipelines/registry/git");
  const script = `
    import { openGit } from "${modules}/git.ts";
    import { readAllObjects } from "${modules}/objects.ts";
    const git = openGit(${JSON.stringify(sandbox.work)}, { env: process.env });
    const [head] = await readAllObjects(git, ["HEAD"]);
    console.log(head.type, await readAllObjects(git, ["HEAD:none"]));
  `;
  const options = { env: sandbox.env as NodeJS.ProcessEnv, encoding: "utf8" as const, timeout: 50_000 };
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], options)).toBe("commit [ null ]\n");
});
