import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { DatasetStore } from "../../pipelines/data/dataset-store.ts";
import { loadTable, type TableSpec } from "../../pipelines/data/table.ts";
import { evaluate } from "../../pipelines/evaluation/evaluate.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { findTrainer } from "../../pipelines/training/trainers.ts";

/** Fits one of our trainers and scores its own predictions: fit-ours.ts <data set folder> <type> <params as JSON>; prints JSON. */
const [folder = "", type = "", params = "{}"] = process.argv.slice(2);
const spec = JSON.parse(readFileSync(join(folder, "spec.json"), "utf8")) as TableSpec & {
  rows: Record<string, number>;
};
const store = { path: async (part: string) => join(folder, `${part}.parquet`) } as DatasetStore;
const read = (part: string) => loadTable(store, { fingerprint: part, rows: spec.rows[part] ?? 0, columns: [] }, spec);

const trainer = findTrainer(type);
const defaults = Object.fromEntries(
  Object.entries(trainer.paramsSchema.properties).map(([name, schema]) => [name, schema.default!]),
);
const input = {
  task: spec.task,
  params: { ...defaults, ...JSON.parse(params) },
  seed: 1,
  threads: availableParallelism(),
  log: silentLog,
};
const table = await read("train");
const [started, before] = [performance.now(), process.cpuUsage()];
const model = await trainer.train({ ...input, table });
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(before);
const processor = (user + system) / 1e6;
const mebibytes = process.resourceUsage().maxRSS / 1024;
const test = await read("test");
const { metrics } = evaluate({
  task: spec.task,
  primary: spec.task === "regression" ? "rmse" : "log_loss",
  confidence: 0.95,
  sliceRules: [],
  target: test.target,
  candidate: model.predict(test.features),
  production: null,
  baseline: { state: "none" },
  naive: spec.task === "regression" ? { mean: 0 } : { frequencies: spec.classes.map(() => 1 / spec.classes.length) },
  groups: new Map(),
  seed: 1,
  model: "",
  test_fingerprint: "",
  features: spec.features,
  classes: spec.classes,
});
const scores = Object.fromEntries(metrics.map(({ metric, candidate }) => [metric, candidate]));
process.stdout.write(JSON.stringify({ seconds, processor, mebibytes, scores }));
