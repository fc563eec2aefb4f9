import type { ModelConfig } from "../config/model-config.ts";
import type { DatasetRef, FeatureData } from "../data/dataset.ts";
import { loadGroups } from "../data/load-groups.ts";
import { loadTable } from "../data/load-table.ts";
import { storePredictions } from "../data/store-predictions.ts";
import type { Table } from "../data/table.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Baseline, Evaluation } from "../evaluation/evaluation.ts";
import { explainModel } from "../evaluation/explanation/explain-model.ts";
import type { Explanations } from "../evaluation/explanations.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { formatNumber, formatSigned } from "../statistics/format-number.ts";
import { openModel, type ScoringModel } from "../training/onnx/session.ts";
import type { Importance, Predictions } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Naive } from "./candidate.ts";

export interface Scoring {
  config: ModelConfig;
  data: Pick<FeatureData, "features" | "classes" | "test">;
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

/** Production as the registry has it now, if anything is deployed. */
export interface Production {
  record: VersionRecord;
  /** Read only when it must be scored. */
  bytes(): Promise<Uint8Array>;
}

/** What is in production at `snapshot`; null when nothing is. Refuses a tampered registry. */
export async function productionOf(snapshot: Snapshot, name: string): Promise<Production | null> {
  const pointer = await snapshot.production(name);
  if (!pointer) return null;
  const record = await snapshot.record(name, pointer.version);
  return { record, bytes: () => snapshot.modelBytes(name, pointer.version) };
}

/** Scores the exact bytes that would ship, and production's, in one pass on the candidate's test rows. */
export async function scoreCandidate(
  workspace: Workspace,
  scoring: Scoring,
  production: Production | null,
): Promise<Scored> {
  const { cache, log, store } = workspace;
  const inputs = scoringInputs(scoring, production);
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

function scoringInputs({ config, data, sha256, naive }: Scoring, production: Production | null): unknown {
  const { primary, retrain, slices } = config.thresholds;
  const baseline = production && {
    version: production.record.version,
    model: production.record.candidate.model.sha256,
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
  const { candidate, explanations } = await withModel(onnx, { features, classes }, async (opened) => ({
    candidate: await opened.predict(table.features),
    explanations: await explain(workspace, scoring, opened, table),
  }));
  const { baseline, predictions } = await scoreProduction(production, table);
  const groups = new Map<string, Awaited<ReturnType<typeof loadGroups>>>();
  for (const { by } of thresholds.slices) groups.set(by, await loadGroups(store, test, by));
  const evaluation = evaluate({
    task,
    primary: thresholds.primary,
    confidence: thresholds.retrain.confidence,
    sliceRules: thresholds.slices,
    target: table.target,
    candidate,
    production: predictions,
    baseline,
    naive,
    groups,
    seed,
    model: sha256,
    test_fingerprint: test.fingerprint,
    features,
    classes,
  });
  const stored = await storePredictions(store, test, key, target, candidate);
  return { evaluation: explanations ? { ...evaluation, explanations } : evaluation, predictions: stored };
}

/** Kept by themselves, because they stay the same when only production has changed. */
async function explain(
  { cache }: Workspace,
  { config, data, sha256, ranking }: Scoring,
  opened: ScoringModel,
  table: Table,
): Promise<Explanations | null> {
  const { thresholds, seed } = config;
  const inputs = { sha256, test: data.test.fingerprint, metric: thresholds.primary, seed };
  const cached = await cache.read<{ explanations: Explanations | null }>("explain", inputs);
  if (cached) return cached.explanations;
  const { primary: metric } = thresholds;
  const explanations = await explainModel({ predict: opened.predict, table, metric, seed, ranking });
  await cache.write("explain", inputs, { explanations });
  return explanations;
}

async function withModel<T>(
  onnx: Uint8Array,
  signature: Pick<FeatureData, "features" | "classes">,
  use: (opened: ScoringModel) => Promise<T>,
): Promise<T> {
  const opened = await openModel(onnx, signature);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** A production model that does not load or score is a failed baseline: a state of its own, never "no baseline". */
async function scoreProduction(
  production: Production | null,
  table: Table,
): Promise<{ baseline: Baseline; predictions: Predictions | null }> {
  if (!production) return { baseline: { state: "none" }, predictions: null };
  const { version, candidate } = production.record;
  const about = { version, model: candidate.model.sha256 };
  try {
    const bytes = await production.bytes();
    const predictions = await withModel(bytes, candidate, (opened) => opened.predict(table.features));
    const { features, classes } = candidate;
    return { baseline: { state: "scored", ...about, features, classes }, predictions };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { baseline: { state: "failed", ...about, reason }, predictions: null };
  }
}

function describeEvaluation({ metrics, baseline, rows }: Evaluation): string {
  const [primary] = metrics;
  if (!primary || primary.candidate === null) return `${rows} rows`;
  const found = `${primary.metric} ${formatNumber(primary.candidate)}`;
  if (baseline.state === "failed") return `${found} (production v${baseline.version} does not score)`;
  if (baseline.state === "none" || primary.production === null || !primary.difference)
    return `${found} (nothing in production)`;
  const { value, low, high } = primary.difference;
  return `${found} (production v${baseline.version}: ${formatNumber(primary.production)})  Δ ${formatSigned(value)} (${formatSigned(low)} … ${formatSigned(high)})`;
}
