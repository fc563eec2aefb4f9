import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEnvironment, python, pythonOf } from "../../../test/peers/virtual-environment.ts";
import { measure } from "../measure.ts";
import { besidePeer, type Row } from "../row.ts";
import { inScratch, product } from "./stage.ts";

const script = (name: string) => join(product, "scripts/bench", name);

/** What a pull request that changes a model costs, diamonds: a fit, its scores, what is compared, and the report. */
export async function pullRequestRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peers");
  await makeEnvironment("peer-evidently");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const data = [
    "@observablehq/sample-datasets/diamonds.csv",
    "vega-datasets/data/flights-3m.parquet",
    "vega-datasets/data/birdstrikes.csv",
  ];
  execFileSync(python, [script("datasets.py"), folder, ...data.map((file) => join(product, "node_modules", file))]);
  const diamonds = join(folder, "diamonds-1");
  const fit = measure(python, [script("peers/train_mlflow.py"), diamonds, folder], folder);
  const files = ["train.parquet", "test.parquet"].map((file) => join(diamonds, file));
  const drift = [script("peers/drift_evidently.py"), ...files, join(folder, "drift.html")];
  const report = measure(pythonOf("peer-evidently"), drift, folder);
  rmSync(folder, { recursive: true });
  const ours = await inScratch((run) => {
    run("init");
    return run("train", "diamond-price").processor + run("report", "diamond-price").processor;
  });
  const peer = { name: "scikit-learn + MLflow + Evidently", value: fit.processor + report.processor };
  add(besidePeer("train and report of a pull request, diamonds", "CPU s", ours, peer, 0.2));
}
