import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ListedRun } from "../../pipelines/run-log/list-runs.ts";
import { queueRun } from "../../pipelines/run-log/run-queue.ts";
import { makeRun, minutesLater } from "../run-log/builders.ts";
import { initialised, makeScratch, modelYaml, type Scratch } from "../scratch.ts";

const listed = async (scratch: Scratch, ...args: string[]) =>
  scratch.facts<{ runs: ListedRun[]; waiting: number }>(["runs", ...args]);
const branches = (scratch: Scratch) => scratch.git("ls-remote", "origin", "refs/heads/mergeml/*").trim();

describe("mergeml runs", () => {
  it("keeps a train here, and pushes it with the next deploy", async () => {
    using scratch = await initialised();
    expect((await scratch.mergeml("runs")).stdout).toContain("no runs yet. Start with: mergeml train <model>");
    await scratch.facts(["train", "rent"]);
    expect(branches(scratch)).toBe("");
    expect(await listed(scratch)).toMatchObject({
      waiting: 1,
      runs: [{ model: "rent", event: "train", version: null, by: "Ada", state: "trained", changed: null }],
    });
    await scratch.facts(["run", "rent"]);
    expect(branches(scratch)).toMatch(/refs\/heads\/mergeml\/runs$/);
    expect(await listed(scratch)).toMatchObject({ waiting: 0, runs: [{ event: "run", version: 1 }] });

    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 2, max_leaves: 8 }" }));
    await scratch.mergeml("run", "rent");
    const { runs, waiting } = await listed(scratch, "rent", "--sort", "rmse");
    expect(waiting).toBe(0);
    expect(runs.map(({ version, verdict }) => [version, verdict?.outcome])).toEqual([
      [1, "pass"],
      [null, "fail"],
    ]);
    expect(runs[1]?.changed).toEqual([{ name: "trees", before: 10, after: 2 }]);

    const { stdout } = await scratch.mergeml("runs", "compare", runs[0]!.id.slice(0, 10), runs[1]!.id.slice(2, 10));
    expect(stdout).toMatch(/^trees +10 +2$/m);
    expect(stdout).toMatch(/^rmse +[\d.]+ +[\d.]+$/m);
    expect(stdout).toContain("Both were scored on the same test rows.");
    const { stdout: shown } = await scratch.mergeml("runs", "show", runs[1]!.id);
    expect(shown).toMatch(/^verdict +fail: /m);
    expect(shown).toMatch(/^train rmse +0 to 2 +[\d.]+ +[\d.]+ +█.▁$/m);
  });

  it("adds the version of a candidate that is registered later", async () => {
    using scratch = await initialised();
    await scratch.facts(["train", "rent"]);
    await scratch.facts(["register", "rent", "--promote"]);
    await scratch.facts(["train", "rent"]); // from the cache: the same candidate once more
    const { runs, waiting } = await listed(scratch);
    expect([runs.map(({ version, event }) => [version, event]), waiting]).toEqual([[[1, "train"]], 1]);
    expect((await scratch.mergeml("runs", "show", runs[0]!.id)).stdout).toMatch(/^version +v1$/m);
  });

  it("pushes a train by itself in CI, and a waiting one when asked", async () => {
    using scratch = await initialised();
    await queueRun(scratch.root, makeRun());
    expect((await scratch.mergeml("runs", "--push")).stdout).toBe("1 runs pushed\n");
    scratch.env.CI = "true";
    await scratch.facts(["train", "rent"]);
    expect(await listed(scratch)).toMatchObject({ waiting: 0, runs: [{}, {}] });
  });

  it("never fails a deploy", async () => {
    using scratch = await initialised();
    const hook = '#!/bin/sh\nwhile read _ _ ref; do [ "$ref" = refs/heads/registry ] || exit 1; done\n';
    writeFileSync(join(scratch.folder, "origin.git", "hooks", "pre-receive"), hook, { mode: 0o755 });
    const { code, stderr } = await scratch.mergeml("run", "rent");
    expect(code).toBe(0);
    expect(stderr).toContain("the run is not on the run log's branch: the remote refused the push");
    expect(readdirSync(join(scratch.root, ".mergeml/runs"))).toHaveLength(1);
  });

  it("keeps failed trainings with their reason", async () => {
    using scratch = await initialised();
    scratch.write("models/rent/features.sql", "SELECT id, size, rooms, city, rent FROM 'gone.csv'\n");
    expect((await scratch.mergeml("train", "rent")).code).not.toBe(0);
    const { runs } = await listed(scratch);
    expect(runs).toMatchObject([{ state: "error", params: { trees: 10 }, error: expect.stringContaining("gone.csv") }]);
    expect((await scratch.mergeml("runs")).stdout).toMatch(/error/);
  });

  it("shows nothing that moves the cursor", async () => {
    using scratch = makeScratch();
    const evil = "\u001b[2J\u202e\nx";
    const run = makeRun({ by: evil, params: { [evil]: evil }, verdict: { outcome: "fail", summary: evil } });
    await queueRun(scratch.root, run);
    await queueRun(scratch.root, makeRun({ time: minutesLater(1), type: evil, error: evil, state: "error" }));
    const told = [
      await scratch.mergeml("runs"),
      await scratch.mergeml("runs", "show", run.id),
      await scratch.mergeml("runs", "compare", run.id, run.id),
    ];
    for (const { code, stdout } of told) {
      expect(code).toBe(0);
      expect(["\u001b", "\u202e"].filter((each) => stdout.includes(each))).toEqual([]);
    }
  });

  it.each([
    ["one run to compare", ["compare", "r-1234"], "compare takes two runs"],
    ["no run to show", ["show"], "show takes one run"],
    ["an unknown run", ["show", "r-123456"], "no run has an id that begins with r-123456"],
    ["two models", ["rent", "price"], "mergeml runs takes one model, not 2"],
    ["a path", ["../rent"], "../rent is not the name of a model"],
    ["an unknown metric", ["--sort", "rsme"], "did you mean rmse?"],
  ])("refuses %s", async (_title, args, message) => {
    using scratch = makeScratch();
    await queueRun(scratch.root, makeRun());
    const { code, stdout, stderr } = await scratch.mergeml("runs", ...args);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(message);
  });
});
