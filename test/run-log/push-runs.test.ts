import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { pushRuns } from "../../pipelines/run-log/push-runs.ts";
import { readRuns } from "../../pipelines/run-log/read-runs.ts";
import { queueFolder, queueRun } from "../../pipelines/run-log/run-queue.ts";
import { runPath } from "../../pipelines/run-log/run-record.ts";
import { makeSandbox, type Sandbox } from "../registry/builders.ts";
import { makeRun, minutesLater } from "./builders.ts";

const clock = { now: () => new Date("2026-11-21T09:00:00Z") };

function pusherIn(sandbox: Sandbox, folder: string, remote: string | null = "origin") {
  return { git: openGit(folder, { env: sandbox.env }), remote, clock, log: silentLog, random: () => 0 };
}

function tipOf(sandbox: Sandbox): string {
  return sandbox.plain(["rev-parse", "mergeml/runs"], sandbox.origin);
}

async function readOrigin(sandbox: Sandbox, model?: string) {
  const git = openGit(sandbox.origin, { env: sandbox.env });
  return readRuns(git, tipOf(sandbox), queueFolder(sandbox.folder), model);
}

describe("pushing runs", () => {
  it("adds each run as a file to a branch of its own, and empties the queue", async () => {
    using sandbox = makeSandbox();
    const [first, second] = [makeRun(), makeRun({ time: minutesLater(1), model: "price" })];
    await queueRun(sandbox.work, first);
    await queueRun(sandbox.work, second);
    const pusher = pusherIn(sandbox, sandbox.work);
    expect(await pushRuns(pusher, [queueFolder(sandbox.work)])).toEqual({
      pushed: 2,
      present: 0,
      waiting: 0,
      broken: [],
    });
    expect(readdirSync(queueFolder(sandbox.work))).toEqual([]);
    expect((await readOrigin(sandbox)).runs).toEqual([second, first]);
    expect((await readOrigin(sandbox, "rent")).runs).toEqual([first]);
    expect(sandbox.plain(["ls-tree", "-r", "--name-only", "mergeml/runs"], sandbox.origin)).toBe(
      `${runPath(second)}\n${runPath(first)}`,
    );
    expect(runPath(first)).toMatch(/^runs\/rent\/2026\/20261121T082530123Z-[0-9a-f]{12}\.json$/);
    expect(sandbox.plain(["rev-list", "--count", "mergeml/runs"], sandbox.origin)).toBe("1");
  });

  it("adds nothing twice when the answer to a push was lost", async () => {
    using sandbox = makeSandbox();
    const pusher = pusherIn(sandbox, sandbox.work);
    await queueRun(sandbox.work, makeRun());
    await pushRuns(pusher, [queueFolder(sandbox.work)]);
    const tip = tipOf(sandbox);
    await queueRun(sandbox.work, makeRun());
    expect(await pushRuns(pusher, [queueFolder(sandbox.work)])).toMatchObject({ pushed: 0, present: 1 });
    expect(tipOf(sandbox)).toBe(tip);
    expect(readdirSync(queueFolder(sandbox.work))).toEqual([]);
  });

  it("loses none of eight writers at once, the first of whom makes the branch", async () => {
    using sandbox = makeSandbox();
    const clones = Array.from({ length: 8 }, (_, at) => join(sandbox.folder, `clone-${at}`));
    for (const clone of clones) sandbox.plain(["clone", "-q", sandbox.origin, clone], sandbox.folder);
    const written = clones.map((_, at) => makeRun({ time: minutesLater(at), by: `Writer ${at}` }));
    const pushes = clones.map(async (clone, at) => {
      await queueRun(clone, written[at]!);
      return pushRuns({ ...pusherIn(sandbox, clone), random: Math.random }, [queueFolder(clone)]);
    });
    expect((await Promise.all(pushes)).map(({ pushed }) => pushed)).toEqual(clones.map(() => 1));
    expect((await readOrigin(sandbox)).runs.map(({ by }) => by)).toEqual(written.toReversed().map(({ by }) => by));
  });

  it("keeps the queue without a remote, and when the remote refuses", async () => {
    using sandbox = makeSandbox();
    await queueRun(sandbox.work, makeRun());
    const queue = queueFolder(sandbox.work);
    expect(await pushRuns(pusherIn(sandbox, sandbox.work, null), [queue])).toMatchObject({ pushed: 0, waiting: 1 });
    writeFileSync(join(sandbox.origin, "hooks", "pre-receive"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await expect(pushRuns(pusherIn(sandbox, sandbox.work), [queue])).rejects.toThrow("the remote refused the push");
    expect(readdirSync(queue)).toHaveLength(1);
  });

  it("takes from other folders only plain files whose content gives their id", async () => {
    using sandbox = makeSandbox();
    const folder = join(sandbox.folder, "artifact");
    mkdirSync(folder);
    const good = makeRun();
    const files: Record<string, string> = {
      "a.json": JSON.stringify(good),
      "b.json": "{",
      "c.json": JSON.stringify({ ...good, version: 9 }),
      "d.json": JSON.stringify({ ...good, model: "../../x" }),
      "e.json": " ".repeat(600_000),
      "notes.txt": "not looked at",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    symlinkSync("/etc/hostname", join(folder, "f.json"));
    const done = await pushRuns(pusherIn(sandbox, sandbox.work), [folder]);
    expect(done.pushed).toBe(1);
    expect(done.broken.map(({ problem }) => problem)).toEqual([
      "it is not JSON",
      "its content does not give its id",
      '/model must match pattern "^[a-z0-9-]{1,100}$"',
      "it has 600000 bytes; at most 524288",
      "it is not a plain file",
    ]);
  });
});

describe("reading runs", () => {
  it("passes over broken and misplaced files of the branch", async () => {
    using sandbox = makeSandbox();
    const run = makeRun();
    await queueRun(sandbox.work, run);
    await pushRuns(pusherIn(sandbox, sandbox.work), [queueFolder(sandbox.work)]);
    sandbox.plain(["clone", "-q", "--branch", "mergeml/runs", sandbox.origin, "person"], sandbox.folder);
    const person = join(sandbox.folder, "person");
    writeFileSync(join(person, "runs/rent/broken.json"), "{}");
    writeFileSync(join(person, "runs/rent/moved.json"), JSON.stringify(run));
    sandbox.plain(["add", "."], person);
    sandbox.plain(["commit", "-q", "-m", "Break"], person);
    sandbox.plain(["push", "-q"], person);
    const { runs, broken } = await readOrigin(sandbox);
    expect(runs).toEqual([run]);
    expect(broken).toEqual([
      { file: "runs/rent/broken.json", problem: expect.stringMatching(/must have required property 'format'/) },
      { file: "runs/rent/moved.json", problem: "it is not the run that its name says" },
    ]);
  });
});
