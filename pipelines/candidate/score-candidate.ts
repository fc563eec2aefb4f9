import type { ModelConfig } from "../config/model-config.ts";
import type { DatasetRef, FeatureData } from "../data/dataset.ts";
import { type Groups, loadGroups } from "../data/load-groups.ts";
import { loadTable } from "../data/load-table.ts";
import { storePredictions } from "../data/store-predictions.ts";
import type { Table } from "../data/table.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { explainModel } from "../evaluation/explanation/explain-model.ts";
import type { Explanations } from "../evaluation/explanations.ts";
import { takeTarget } from "../evaluation/table-rows.ts";
import type { Production } from "../registry/production.ts";
import { formatCount, formatNumber, formatSigned } from "../statistics/format-number.ts";
import { type ScoringModel, withModel } from "../training/onnx/session.ts";
import type { Importance, Predictions } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Naive } from "./candidate.ts";
import { ownQueryInputs, type ScoredProduction, scoreProduction } from "./score-production.ts";
import { findSeenRows } from "./seen-rows.ts";

export interface Scoring {
  config: ModelConfig;
  data: Pick<FeatureData, "features" | "classes" | "test" | "notes"> & { split_seed: number };
  onnx: Uint8Array;
  sha256: string;
  naive: Naive;
  /** The trainer's importances. */
  ranking: readonly Importance[];
}

export interface Scored {
  evaluation: Evaluation;
  /** The candidate's predictions on the test split, in the dataset store. */
  predictions: DatasetRef;
}

/** Scores the exact bytes that would ship, and production's, in one pass on the candidate's test rows. */
export async function scoreCandidate(
  workspace: Workspace,
  scoring: Scoring,
  production: Production | null,
): Promise<Scored> {
  const { cache, log, store } = workspace;
  const inputs = await scoringInputs(workspace, scoring, production);
  return log.step(
    "evaluate",
    async () => {
      const cached = await cache.read<Scored>("evaluate", inputs);
      if (cached && store.has(cached.predictions.fingerprint)) return cached;
      const scored = await scoreNow(workspace, scoring, production);
      await cache.write("evaluate", inputs, scored);
      return scored;
    },
    ({ evaluation }) => describeEvaluation(evaluation),
  );
}

async function scoringInputs(
  workspace: Workspace,
  { config, data, sha256, naive }: Scoring,
  production: Production | null,
): Promise<unknown> {
  const { primary, retrain, slices } = config.thresholds;
  const baseline = production && {
    version: production.record.version,
    model: production.record.candidate.model.sha256,
    ...(await ownQueryInputs(workspace, config, data, production)),
  };
  return {
    sha256,
    test: data.test.fingerprint,
    baseline,
    naive,
    primary,
    confidence: retrain.confidence,
    slices,
    seed: config.seed,
    heldOut: production && {
      split: config.features.split,
      key: config.features.key,
      split_seed: data.split_seed,
      stored: workspace.store.has(production.record.candidate.train.fingerprint),
    },
  };
}

async function scoreNow(workspace: Workspace, scoring: Scoring, production: Production | null): Promise<Scored> {
  const { store } = workspace;
  const { config, data, onnx, sha256, naive } = scoring;
  const {
    task,
    seed,
    thresholds,
    features: { target, key },
  } = config;
  const { features, classes, test } = data;
  const table = await loadTable(store, test, { features, target, task, classes });
  const { candidate, explained } = await withModel(onnx, { features, classes }, async (opened) => ({
    candidate: await opened.predict(table.features),
    explained: await explain(workspace, scoring, opened, table),
  }));
  const scored = await scoreProduction(workspace, config, data, production, table);
  const { baseline, predictions, rows, overlap } = await leaveOutSeen(workspace, scoring, production, scored);
  const groups = new Map<string, Awaited<ReturnType<typeof loadGroups>>>();
  for (const { by } of thresholds.slices) groups.set(by, takeGroups(await loadGroups(store, test, by), rows));
  const compared = evaluate({
    task,
    primary: thresholds.primary,
    confidence: thresholds.retrain.confidence,
    sliceRules: thresholds.slices,
    target: rows === null ? table.target : takeTarget(table.target, rows),
    candidate: takePredictions(candidate, rows),
    production: predictions && takePredictions(predictions.scores, predictions.rows),
    baseline,
    naive,
    groups,
    seed,
    model: sha256,
    test_fingerprint: test.fingerprint,
    features,
    classes,
  });
  const evaluation = { ...compared, test_rows: test.rows, ...overlap };
  const stored = await storePredictions(store, test, key, target, candidate);
  return { evaluation: { ...evaluation, ...explained }, predictions: stored };
}

/** Kept by themselves, because they stay the same when only production has changed. */
async function explain(
  { cache, clock, log }: Workspace,
  { config, data, onnx, sha256, ranking }: Scoring,
  opened: ScoringModel,
  table: Table,
): Promise<Pick<Evaluation, "explanations" | "explanations_left_out">> {
  const { thresholds, seed } = config;
  const inputs = { sha256, test: data.test.fingerprint, metric: thresholds.primary, seed };
  const cached = await cache.read<{ explanations: Explanations | null }>("explain", inputs);
  if (cached) return cached.explanations ? { explanations: cached.explanations } : {};
  const { primary: metric } = thresholds;
  const { predict } = opened;
  const explained = await explainModel({ predict, table, metric, seed, ranking, clock, modelBytes: onnx.length });
  if ("left_out" in explained) {
    log.warn(`no explanations: ${explained.left_out}`);
    return { explanations_left_out: explained.left_out };
  }
  await cache.write("explain", inputs, explained);
  return explained.explanations ? { explanations: explained.explanations } : {};
}

/** Leaves out, for everybody, the rows that production was trained on. Where that cannot be known, all are judged, and said so. */
async function leaveOutSeen(
  workspace: Workspace,
  { config, data }: Scoring,
  production: Production | null,
  { baseline, predictions, rows }: ScoredProduction,
): Promise<JudgedRows> {
  const scores = predictions && { scores: predictions, rows: null };
  if (production === null || baseline.state !== "scored") return { baseline, predictions: scores, rows, overlap: {} };
  const seen = await findSeenRows(workspace, config, data, production);
  if ("unknown" in seen) {
    return {
      ...{ baseline, predictions: scores, rows },
      overlap: { seen_by_production: null, overlap_unknown: seen.unknown },
    };
  }
  if (seen.rows.length === 0) return { baseline, predictions: scores, rows, overlap: { seen_by_production: 0 } };
  const left = new Set(seen.rows);
  const all = rows ?? Int32Array.from({ length: data.test.rows }, (_, row) => row);
  const kept = Int32Array.from(all.keys()).filter((at) => !left.has(all[at]!));
  return {
    baseline,
    predictions: predictions && { scores: predictions, rows: kept },
    rows: kept.map((at) => all[at]!),
    overlap: { seen_by_production: all.length - kept.length },
  };
}

interface JudgedRows {
  baseline: Evaluation["baseline"];
  /** Production's scores, and positions of those that count. */
  predictions: { scores: Predictions; rows: Int32Array | null } | null;
  /** Positions of the judged test rows; null for all. */
  rows: Int32Array | null;
  overlap: Pick<Evaluation, "seen_by_production" | "overlap_unknown">;
}

/** The rows that both models are judged on; all of them without a choice. */
function takePredictions(predictions: Predictions, rows: Int32Array | null): Predictions {
  if (rows === null) return predictions;
  const width = Math.max(1, predictions.classes.length);
  const values = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries())
    values.set(predictions.values.subarray(row * width, (row + 1) * width), at * width);
  return { ...predictions, rows: rows.length, values };
}

function takeGroups(groups: Groups, rows: Int32Array | null): Groups {
  return rows === null ? groups : { ...groups, codes: Int32Array.from(rows, (row) => groups.codes[row]!) };
}

function describeEvaluation({ metrics, baseline, rows, test_rows, seen_by_production }: Evaluation): string {
  const [primary] = metrics;
  if (!primary || primary.candidate === null) return `${rows} rows`;
  const found = `${primary.metric} ${formatNumber(primary.candidate)}`;
  if (baseline.state === "failed" || baseline.state === "incomparable")
    return `${found} (production v${baseline.version} does not score)`;
  if (baseline.state === "none" || primary.production === null || !primary.difference)
    return `${found} (nothing in production)`;
  const { value, low, high } = primary.difference;
  const on = seen_by_production ? `, on ${formatCount(rows)} of ${formatCount(test_rows ?? rows)} test rows` : "";
  return `${found} (production v${baseline.version}: ${formatNumber(primary.production)}${on})  Δ ${formatSigned(value)} (${formatSigned(low)} … ${formatSigned(high)})`;
}
