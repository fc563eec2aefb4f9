import { describe, expect, it } from "vitest";
import { fewTrials } from "../../pipelines/candidate/search/draw-trials.ts";
import type { TrialRecord } from "../../pipelines/candidate/search/score-trial.ts";
import type { RunRecord } from "../../pipelines/run-log/run-record.ts";
import { makeRun } from "../run-log/builders.ts";
import { initialised, modelYaml } from "../scratch.ts";
import { type MlflowDouble, startMlflowDouble } from "./mlflow-double.ts";
import { syncLog } from "./sync-log.ts";

const candidate = `c-${"1".repeat(64)}`;
const trial = (leaves: number, more: Partial<TrialRecord> = {}): TrialRecord => ({
  ...{ params: { max_leaves: leaves, tree: { depth: 2 } }, score: 100 / leaves, seconds: 0.5 },
  ...more,
});
const searched = (trials: readonly TrialRecord[], more: Partial<RunRecord> = {}) =>
  makeRun({ candidate, trials, search_metric: "rmse", ...more });

const sync = (double: MlflowDouble, ...runs: RunRecord[]) => syncLog(double, runs);
const tagOf = ({ tags }: { tags: { key: string; value: string }[] }, key: string) =>
  tags.find((tag) => tag.key === key)?.value;
const below = ({ kept }: MlflowDouble, parent: string) =>
  kept.runs.filter(({ data }) => tagOf(data, "mlflow.parentRunId") === parent);

describe("a search's trials on an MLflow server", () => {
  it("are runs below the candidate's, once", async () => {
    await using double = await startMlflowDouble();
    const problem = "it did not converge";
    const run = searched([trial(4), trial(8, { winner: true, budget: 40 }), trial(2, { score: null, problem })]);
    expect(await sync(double, run)).toMatchObject({ created: 1, failed: [] });
    const trials = below(double, "run1");
    expect(double.kept.runs).toHaveLength(4);
    expect(tagOf(double.kept.runs[0]!.data, "mergeml.trials")).toBe("3");
    expect(trials.map(({ info }) => [info.run_name, info.status])).toEqual([
      ["trial 1", "FINISHED"],
      ["trial 2 (chosen)", "FINISHED"],
      ["trial 3", "FAILED"],
    ]);
    const [, chosen, failed] = trials;
    expect(chosen!.data.params).toEqual([
      { key: "max_leaves", value: "8" },
      { key: "tree.depth", value: "2" },
    ]);
    expect(chosen!.data.metrics.map(({ key, value }) => [key, value])).toEqual([
      ["validation/rmse", 12.5],
      ["train_seconds", 0.5],
      ["budget", 40],
    ]);
    expect(tagOf(chosen!.data, "mergeml.winner")).toBe("true");
    expect(tagOf(failed!.data, "mergeml.error")).toBe(problem);

    expect(await sync(double, run)).toMatchObject({ created: 0, completed: 0, present: 1 });
    expect(double.kept.runs).toHaveLength(4);
  });

  it("are added to a run that came without them, or lost some", async () => {
    await using double = await startMlflowDouble();
    await sync(double, searched([]));
    expect(double.kept.runs).toHaveLength(1);
    const run = searched([trial(4), trial(8, { winner: true })]);
    expect(await sync(double, run)).toMatchObject({ created: 0, completed: 1 });
    expect(below(double, "run1")).toHaveLength(2);
    double.kept.runs.splice(1, 1);
    expect(await sync(double, run)).toMatchObject({ completed: 1 });
    expect(below(double, "run1").map(({ data }) => tagOf(data, "mergeml.trial"))).toEqual(["2", "1"]);
  });

  it("are not made twice when answers are lost", async () => {
    let creations = 0;
    await using double = await startMlflowDouble(({ url }) =>
      url.endsWith("runs/create") && creations++ % 2 === 0 ? "after" : null,
    );
    expect(await sync(double, searched([trial(4), trial(8), trial(2)]))).toMatchObject({ created: 1, failed: [] });
    expect(double.kept.runs.map(({ info }) => info.status)).toEqual(Array(4).fill("FINISHED"));
  });

  it("are at most a hundred, the chosen one among them", async () => {
    await using double = await startMlflowDouble();
    const many = Array.from({ length: 150 }, (_, at) => trial(at + 2, at === 140 ? { winner: true } : {}));
    await sync(double, searched(many));
    const trials = below(double, "run1");
    expect(trials).toHaveLength(100);
    expect(trials.at(-1)!.info.run_name).toBe("trial 141 (chosen)");
    expect(tagOf(double.kept.runs[0]!.data, "mergeml.trials")).toBe("150, of which 100 are here");
    expect(await sync(double, searched(many))).toMatchObject({ present: 1, completed: 0 });
  });

  it("of a training that is copied as it happens are those of the run log", async () => {
    using scratch = await initialised();
    await using double = await startMlflowDouble();
    scratch.write("models/rent/model.yaml", `${modelYaml()}search: { space: { max_leaves: [2, 4, 8] }, trials: 3 }\n`);
    scratch.env.MLFLOW_TRACKING_URI = double.url;
    await scratch.facts(["train", "rent"]);
    expect(below(double, "run1").map(({ data }) => data.metrics[0]?.key)).toEqual(Array(3).fill("validation/rmse"));
    expect(await scratch.facts(["mlflow", "sync"])).toMatchObject({ runs: { created: 0, completed: 0, present: 1 } });
    const [{ id } = { id: "" }] = (await scratch.facts<{ runs: { id: string }[] }>(["runs"])).runs;
    expect((await scratch.mergeml("runs", "show", id)).stdout).toMatch(/^trial +rmse +params\n1[ (]/m);
  });
});

describe("a few of many trials", () => {
  it.each([
    { title: "all when there are few", winner: 1, most: 5, kept: [1, 2, 3, 4] },
    { title: "the first", winner: 1, most: 2, kept: [1, 2] },
    { title: "the chosen one in place of the last", winner: 4, most: 2, kept: [1, 4] },
    { title: "none of none", winner: 0, most: 0, kept: [] },
  ])("$title", ({ winner, most, kept }) => {
    const trials = [1, 2, 3, 4].map((number) => trial(number + 1, number === winner ? { winner: true } : {}));
    expect(fewTrials(trials, most).map(({ number }) => number)).toEqual(kept);
  });

  it("keep the numbers that they have", () => {
    const once = fewTrials([trial(2), trial(3), trial(4, { winner: true })], 2);
    expect(fewTrials(once, 2).map(({ number }) => number)).toEqual([1, 3]);
  });
});
