import { prepareData } from "./candidate/prepare-data.ts";
import { bestPossible, findFaults, naivePredictions, relaxParams, sampleRows } from "./candidate/smoke.ts";
import { splitSeedOf } from "./candidate/split-seed.ts";
import { programSource } from "./candidate/train-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import type { FeatureResult } from "./data/dataset-store.ts";
import { loadTable, type Table } from "./data/table.ts";
import { scoreMetric } from "./evaluation/compare-metric.ts";
import { silentLog } from "./ports/host.ts";
import { formatCount, formatNumber } from "./statistics/format-number.ts";
import { openModel } from "./training/onnx/session.ts";
import { trainModel } from "./training/train-model.ts";
import type { Predictions } from "./training/trainer.ts";
import { findTrainer } from "./training/trainers.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Rows to be overfitted: enough to show a broken pipeline, few enough for seconds. */
const sampleSize = 300;

/** Types that cannot learn rows by heart get fewer, so that even weak features explain some of them. */
const fewerRows = 60;

/** The share of the avoidable error that may be left. */
const shareLeft = { regression: 0.5, classification: 0.7 } as const;

/** Whether the model can overfit a few rows of its train split; `reason` says why not, or how well. */
export type SmokeResult =
  | (FeatureResult & { ok: false; state: "checks-failed" })
  | { state: "passed" | "failed"; reason: string; notes: readonly string[]; rows: number };

/**
 * Trains on a few hundred rows with nothing that holds the trainer back, and scores the ONNX file on the same rows: a
 * pipeline whose features, target and trainer are sound learns them by heart. Throws what the trainer throws, and Error when
 * the ONNX file does not predict what was trained.
 */
export async function smokeTest(workspace: Workspace, model: LoadedModel): Promise<SmokeResult> {
  const snapshot = await workspace.registry.snapshot({ fetch: false });
  const data = await prepareData(workspace, model, await splitSeedOf(model.config, snapshot));
  if (!data.ok) return { ...data, state: "checks-failed" };
  const { config } = model;
  const { features, classes, train } = data;
  const spec = { features, classes, target: config.features.target, task: config.task };
  const table = await loadTable(workspace.store, train, spec);
  const { faults, notes } = findFaults(table);
  if (faults.length > 0) return { state: "failed", reason: faults.join("; "), notes, rows: 0 };
  const { params, memorises } = relaxParams(findTrainer(config.type), config.params);
  const sample = sampleRows(table, memorises ? sampleSize : fewerRows, config.seed);
  const predictions = await workspace.log.step("smoke test", () =>
    overfit(workspace, model, { sample, params, classes }),
  );
  const verdict = memorises ? learnedByHeart(sample, predictions) : learnedAnything(sample, predictions);
  return { state: verdict.passed ? "passed" : "failed", reason: verdict.reason, notes, rows: sample.rows };
}

async function overfit(
  workspace: Workspace,
  model: LoadedModel,
  { sample, params, classes }: { sample: Table; params: LoadedModel["config"]["params"]; classes: readonly string[] },
): Promise<Predictions> {
  const { task, seed, type, resources } = model.config;
  const signature = { features: sample.features.map(({ name, kind }) => ({ name, kind })), classes };
  const limit = Math.min(workspace.threads, resources.threads);
  const training = { trainer: findTrainer(type), task, table: sample, params, seed, threads: limit, log: silentLog };
  const proven = await trainModel({ ...training, signature, ...(await programSource(workspace, model)) });
  const session = await openModel(proven.model.onnx, signature);
  try {
    return await session.predict(sample.features);
  } finally {
    await session.close();
  }
}

interface Judged {
  passed: boolean;
  reason: string;
}

/** Of the error that the features could avoid on these rows, most must be gone. Rows of equal features and other targets cannot be told apart. */
function learnedByHeart(sample: Table, predictions: Predictions): Judged {
  const { metric, error, naive, best } = errorsOf(sample, predictions);
  const rows = `${formatCount(sample.rows)} rows`;
  if (best > naive * 0.95) {
    const reason = `the features hardly tell the ${rows} apart: the best that any model could do is ${metric} ${formatNumber(best)}, and knowing nothing gives ${formatNumber(naive)}`;
    return { passed: false, reason };
  }
  const most = best + shareLeft[sample.target.task] * (naive - best);
  if (error <= most) return { passed: true, reason: success(metric, error, naive, rows) };
  const reason = `the trainer did not learn ${rows} by heart: ${metric} ${formatNumber(error)}, where ${formatNumber(most)} was to be reached and knowing nothing gives ${formatNumber(naive)}`;
  return { passed: false, reason };
}

/** It must at least be better than predicting the same for every row. */
function learnedAnything(sample: Table, predictions: Predictions): Judged {
  const { metric, error, naive } = errorsOf(sample, predictions);
  const rows = `${formatCount(sample.rows)} rows`;
  if (error < naive * 0.999) return { passed: true, reason: success(metric, error, naive, rows) };
  const reason = `the model learned nothing from ${rows}: ${metric} ${formatNumber(error)}, and knowing nothing gives ${formatNumber(naive)}`;
  return { passed: false, reason };
}

function success(metric: string, error: number, naive: number, rows: string): string {
  return `learned ${rows}: ${metric} ${formatNumber(error)}, and knowing nothing gives ${formatNumber(naive)}`;
}

/** Errors on the sample itself; one that cannot be computed is the worst there is. */
function errorsOf(
  sample: Table,
  predictions: Predictions,
): { metric: string; error: number; naive: number; best: number } {
  const metric = sample.target.task === "regression" ? "rmse" : "log_loss";
  const score = (given: Predictions) => scoreMetric(metric, sample.target, given).score ?? Infinity;
  return {
    metric,
    error: score(predictions),
    naive: score(naivePredictions(sample)),
    best: score(bestPossible(sample)),
  };
}
