import { describe, expect, it } from "vitest";
import { queueRun } from "../../pipelines/run-log/run-queue.ts";
import type { RunRecord } from "../../pipelines/run-log/run-record.ts";
import { makeRun, minutesLater } from "../run-log/builders.ts";
import { initialised, modelYaml } from "../scratch.ts";
import { type Fault, startMlflowDouble } from "./mlflow-double.ts";
import { syncLog } from "./sync-log.ts";

const candidate = (digit: string) => `c-${digit.repeat(64)}`;
const failed = makeRun({
  ...{ state: "error", time: minutesLater(9), by: "Grace", metrics: [], verdict: null, data: null, seconds: 0 },
  ...{ definition: null, error: "no such file\u0000: gone.csv" },
});
const tagOf = ({ tags }: { tags: { key: string; value: string }[] }, key: string) =>
  tags.find((tag) => tag.key === key)?.value;

/** Newest first, as the run log gives them. */
function trained(...digits: string[]): RunRecord[] {
  return digits.map((digit, at) => makeRun({ candidate: candidate(digit), time: minutesLater(-at) }));
}

async function server(fault?: Fault) {
  const double = await startMlflowDouble(fault);
  const sync = (records: readonly RunRecord[], limit?: number) => syncLog(double, records, limit);
  return { double, sync, [Symbol.asyncDispose]: () => double[Symbol.asyncDispose]() };
}

describe("the run log on an MLflow server", () => {
  it("arrives whole, and once", async () => {
    await using made = await server();
    const records = [failed, ...trained("1", "2", "3"), makeRun({ model: "price", candidate: candidate("4") })];
    expect(await made.sync(records)).toMatchObject({ created: 5, present: 0, left: 0, failed: [] });
    const { runs, experiments } = made.double.kept;
    expect([runs.length, [...experiments.keys()]]).toEqual([5, ["rent", "price"]]);
    expect(runs.map(({ info }) => info.status)).toEqual(["FAILED", "FINISHED", "FINISHED", "FINISHED", "FINISHED"]);
    const [wrong, right] = runs;
    expect(tagOf(wrong!.data, "mergeml.error")).toBe("no such file␀: gone.csv");
    expect(wrong!.info.run_name).toBe(failed.id.slice(0, 10));
    expect(tagOf(right!.data, "mlflow.user")).toBe("Ada");
    expect(tagOf(right!.data, "mergeml.verdict")).toBe("pass");
    expect(tagOf(right!.data, "mergeml.train_data")).toBe(`fp:${"1".repeat(32)} (400 rows)`);
    expect(right!.data.params).toContainEqual({ key: "trees", value: "10" });
    expect(right!.data.metrics.map(({ key, value }) => [key, value])).toEqual([
      ["rmse", 30],
      ["train_seconds", 1.5],
    ]);
    const before = made.double.received.length;
    expect(await made.sync(records)).toMatchObject({ created: 0, completed: 0, present: 5 });
    expect(runs).toHaveLength(5);
    // An experiment and the pages of its runs, for each model.
    expect(made.double.received.length - before).toBe(2 + 2 + 1);
  });

  it("has the training's curves as history by step", async () => {
    await using made = await server();
    const curve = { metric: "train rmse", steps: [0, 40, 80], values: [9, 5, 4] };
    expect(await made.sync([makeRun({ candidate: candidate("1"), curves: [curve] })])).toMatchObject({ created: 1 });
    const history = made.double.kept.runs[0]!.data.metrics.filter(({ key }) => key === "training/train rmse");
    expect(history).toMatchObject([
      { step: 0, value: 9 },
      { step: 40, value: 5 },
      { step: 80, value: 4 },
    ]);
  });

  it("shows a candidate that was logged twice as one run, from its first time on, with its version", async () => {
    await using made = await server();
    const first = makeRun({ candidate: candidate("1") });
    const registered = makeRun({
      candidate: candidate("1"),
      event: "register",
      version: 3,
      time: minutesLater(60),
    });
    expect(await made.sync([registered, first])).toMatchObject({ created: 1 });
    const [run] = made.double.kept.runs;
    expect(run!.info.start_time).toBe(Date.parse(first.time) - 1500);
    expect(tagOf(run!.data, "mergeml.version")).toBe("3");
  });

  it("copies the newest first when there are more than one sync takes, and the next sync the others", async () => {
    await using made = await server();
    const records = trained("1", "2", "3", "4", "5");
    expect(await made.sync(records, 2)).toMatchObject({ created: 2, left: 3 });
    expect(made.double.kept.runs.map(({ data }) => tagOf(data, "mergeml.candidate"))).toEqual([
      candidate("1"),
      candidate("2"),
    ]);
    expect(await made.sync(records, 2)).toMatchObject({ created: 2, present: 2, left: 1 });
    expect(await made.sync(records, 2)).toMatchObject({ created: 1, present: 4, left: 0 });
  });

  it("completes a run that was cut short", async () => {
    let down = true;
    await using made = await server(({ url }) => (down && url.endsWith("runs/update") ? "before" : null));
    await expect(made.sync(trained("1"))).rejects.toThrow("HTTP 503");
    expect(made.double.kept.runs[0]?.info.status).toBe("RUNNING");
    down = false;
    expect(await made.sync(trained("1"))).toMatchObject({ created: 0, completed: 1, present: 0 });
    expect(made.double.kept.runs.map(({ info }) => info.status)).toEqual(["FINISHED"]);
  });

  it("makes nothing twice when answers are lost", async () => {
    const lost = new Set<string>();
    await using made = await server(({ url }) =>
      url.includes("create") && !lost.has(url) && lost.add(url) ? "after" : null,
    );
    expect(await made.sync(trained("1", "2"))).toMatchObject({ created: 2, failed: [] });
    expect([lost.size, made.double.kept.runs.length]).toEqual([2, 2]);
  });

  it("goes on after a run that the server refuses", async () => {
    const refuse: Fault = ({ url, body }) =>
      url.endsWith("runs/log-batch") && body.toString().includes('"666"') ? "refused" : null;
    await using made = await server(refuse);
    const bad = makeRun({ candidate: candidate("6"), seed: 666 });
    const result = await made.sync([bad, ...trained("1")]);
    expect(result).toMatchObject({ created: 1, failed: [{ model: "rent", run: bad.id }] });
    expect(result.failed[0]?.error.message).toContain("HTTP 400 INVALID_PARAMETER_VALUE");
  });

  it("takes a run whose day and duration no calendar has", async () => {
    await using made = await server();
    const odd = makeRun({ candidate: candidate("7"), time: "2026-99-99T99:99:99.999Z", seconds: 1e300 });
    expect(await made.sync([odd])).toMatchObject({ created: 1 });
    expect(made.double.kept.runs[0]?.info.start_time).toBe(0);
  });
});

describe("mergeml mlflow sync", () => {
  it("copies trainings that were made without a server, of models without a version too", async () => {
    using scratch = await initialised();
    await using double = await startMlflowDouble();
    await scratch.facts(["train", "rent"]);
    await scratch.facts(["runs", "--push"]);
    await queueRun(scratch.root, failed);
    scratch.env.MLFLOW_TRACKING_URI = double.url;
    expect((await scratch.mergeml("mlflow", "sync", "rent")).stdout).toMatch(
      /^no model is registered yet\nruns: 2 copied, 0 there before\nat http/,
    );
    expect(await scratch.facts(["mlflow", "sync"])).toMatchObject({
      models: [],
      runs: { created: 0, present: 2, left: 0, failed: [] },
    });
    expect((await scratch.mergeml("mlflow", "sync", "rant")).stderr).toContain("the registry has no model rant");
  });

  it("tells of files that hold no run, and of runs that the server refuses", async () => {
    using scratch = await initialised();
    await using double = await startMlflowDouble(({ url, body }) =>
      url.endsWith("runs/log-batch") && body.toString().includes('"666"') ? "refused" : null,
    );
    scratch.env.MLFLOW_TRACKING_URI = double.url;
    const refused = makeRun({ candidate: candidate("6"), seed: 666 });
    await queueRun(scratch.root, refused);
    await queueRun(scratch.root, makeRun({ candidate: candidate("1") }));
    scratch.write(".mergeml/runs/broken.json", "{}");
    const { code, stdout } = await scratch.mergeml("mlflow", "sync");
    expect(code).toBe(3);
    expect(stdout).toContain(
      "runs: 1 copied, 0 there before, 1 failed, 1 passed over, as the file holds no run (see: mergeml runs)\n",
    );
    expect(stdout).toContain(`failed: rent ${refused.id.slice(0, 10)}: the MLflow server answered HTTP 400`);
  });

  it("adds no second run for a deploy that was copied when it happened", async () => {
    using scratch = await initialised();
    await using double = await startMlflowDouble();
    scratch.env.MLFLOW_TRACKING_URI = double.url;
    await scratch.facts(["run", "rent"]);
    scratch.env.MLFLOW_TRACKING_URI = undefined;
    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 2, max_leaves: 8 }" }));
    await scratch.facts(["run", "rent"], 1);
    scratch.env.MLFLOW_TRACKING_URI = double.url;
    const { stdout } = await scratch.mergeml("mlflow", "sync");
    expect(stdout).toContain("runs: 1 copied, 1 there before");
    expect(double.kept.runs.map(({ data }) => tagOf(data, "mergeml.verdict"))).toEqual(["pass", "fail"]);
  });
});
