import { expect, it } from "vitest";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { driftSteps } from "../../../pipelines/report/drift/drift-steps.ts";
import { tryRetrain } from "../../../pipelines/try-retrain.ts";
import type { DriftEntry } from "../../../pipelines/watch/drift/model-drift.ts";
import { readModel } from "../../../pipelines/workspace/workspace.ts";
import type { Scratch } from "../../scratch.ts";
import { modelDrift } from "../drift/results.ts";
import { delaysYaml, deployedDelays } from "./delays.ts";

const later = ["--now", "2001-07-01"];
const moved = "{ start: 2001-04-01, end: 2001-07-01 }";

async function driftOf(scratch: Scratch) {
  const { code, stdout } = await scratch.mergeml("drift", "delays", ...later, "--json");
  expect(code).toBe(1);
  const [drift] = (JSON.parse(stdout) as { models: (DriftEntry & { retrain: unknown })[] }).models;
  const told = await scratch.mergeml("drift", "delays", ...later);
  return { retrain: drift!.retrain, text: told.stdout };
}

it("a lasting drift is told with what its retrain gains, which is what the retrain then shows", async () => {
  using scratch = await deployedDelays();
  const { retrain, text } = await driftOf(scratch);
  expect(retrain).toMatchObject({ kind: "move", trial: { metric: "rmse", better: true } });
  const { trial } = retrain as { trial: { candidate: number; production: number; rows: number } };
  expect(text).toMatch(
    /Retrain on newer data: .* A trial of it gave rmse [\d.]+ instead of production's [\d.]+ on the same/,
  );
  scratch.write("models/delays/model.yaml", delaysYaml.replace(/\{ start: 2001.*?\}/, moved));
  await scratch.facts(["train", "delays"]);
  const judged = await scratch.facts<{ evaluation: { rows: number; metrics: object[] } }>(["gate", "delays"]);
  const { candidate, production, rows } = trial;
  expect(judged.evaluation).toMatchObject({ rows });
  expect(judged.evaluation.metrics[0]).toMatchObject({ metric: "rmse", candidate, production });
});

it("none is advised where its trial was no better", () => {
  const drift = modelDrift({ outcome: "drift" });
  if (drift.retrain?.kind !== "move") throw new Error("the drift has no window to move");
  const trial = { metric: "rmse", rows: 400, production: 2, candidate: 2.1, low: -0.5, high: 0.7, better: false };
  const steps = driftSteps(
    { ...drift, retrain: { ...drift.retrain, trial } },
    { code: (text) => text, safe: (text) => text },
  );
  expect(steps.join("\n")).toContain(
    "A retrain on newer data would not help: a trial of window: { start: 2001-01-01, end: 2001-06-04 } gave rmse 2.1 instead of production's 2",
  );
});

it("is made where production's own training was short", async () => {
  using scratch = await deployedDelays();
  const clock = { now: () => new Date("2001-07-10") };
  const workspace = await openWorkspace({
    directory: scratch.root,
    env: scratch.env,
    clock,
    log: silentLog,
    useCache: true,
  });
  const snapshot = await workspace.registry.snapshot();
  const [record, model] = [await snapshot.record("delays", 1), await readModel(workspace, "delays")];
  const window = { start: "2001-04-01", end: "2001-07-01" };
  const tried = (train_seconds: number) =>
    tryRetrain(
      workspace,
      snapshot,
      { model, record: { ...record, candidate: { ...record.candidate, train_seconds } } },
      window,
    );
  expect(await tried(11)).toBeNull();
  expect(await tried(9)).toMatchObject({ metric: "rmse", better: true });
});

it("is none where the window's data cannot be had, and fails nothing", async () => {
  using scratch = await deployedDelays();
  scratch.write("models/delays/features.sql", "SELECT * FROM 'gone.csv' WHERE seen_at >= $start AND seen_at < $end\n");
  scratch.write("models/delays/model.yaml", delaysYaml.replace("persist: 1 of 1", "persist: 1 of 1, query: live.sql"));
  scratch.write(
    "models/delays/live.sql",
    "SELECT id, seen_at, distance, weekday, delay FROM 'delays.csv' WHERE seen_at >= $start AND seen_at < $end\n",
  );
  expect((await driftOf(scratch)).retrain).toMatchObject({ kind: "move", trial: null });
});
