import type { ModelConfig } from "../config/model-config.ts";
import type { DatasetRef, FeatureData } from "../data/dataset-store.ts";
import { hashInputs, listInputs } from "../data/list-inputs.ts";
import { storePredictions } from "../data/store-predictions.ts";
import { type Groups, loadClusters, loadGroups } from "../data/stored-columns.ts";
import { loadTable, type Table } from "../data/table.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Evaluation, Explanations } from "../evaluation/evaluation.ts";
import { explainModel } from "../evaluation/explanation/explain-model.ts";
import type { Leak } from "../evaluation/leak.ts";
import { columnShapes, type ShapedColumn } from "../evaluation/pictures/column-shapes.ts";
import { takeTarget } from "../evaluation/table-rows.ts";
import { duplicateNotes } from "../gate/data-checks.ts";
import type { Production } from "../registry/production.ts";
import { formatCount, formatNumber, formatSigned } from "../statistics/format-number.ts";
import { withForestModel } from "../training/onnx/forest-model.ts";
import type { ScoringModel } from "../training/onnx/session.ts";
import type { Importance, Predictions } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { judgedRows, type ListFiles, ownQueryInputs, scoreProduction } from "./score-production.ts";
import type { Naive } from "./train-candidate.ts";

export interface Scoring {
  config: ModelConfig;
  data: Pick<FeatureData, "features" | "classes" | "train" | "test" | "notes" | "duplicates"> & { split_seed: number };
  onnx: Uint8Array;
  sha256: string;
  naive: Naive;
  /** The trainer's importances. */
  ranking: readonly Importance[];
  /** What the train split shows of features that are the target; absent from candidates of before it was looked for. */
  leaks?: readonly Leak[];
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
  const inputs = await scoringInputs(workspace, scoring, production, listInputs);
  const elsewhere = { inputs: () => scoringInputs(workspace, scoring, production, hashInputs) };
  const scored = await log.step(
    "evaluate",
    async () => {
      const cached = await cache.read<Scored>("evaluate", inputs, elsewhere);
      if (cached && (await store.has(cached.predictions.fingerprint))) return cached;
      const scored = await scoreNow(workspace, scoring, production);
      const datasets = [scored.predictions.fingerprint];
      // What did not load here may load elsewhere.
      const isFailed = scored.evaluation.baseline.state === "failed";
      await cache.write("evaluate", inputs, scored, isFailed ? undefined : { ...elsewhere, datasets });
      return scored;
    },
    ({ evaluation }) => describeEvaluation(evaluation),
  );
  for (const note of duplicateNotes(scored.evaluation)) log.warn(note);
  return scored;
}

async function scoringInputs(
  workspace: Workspace,
  { config, data, sha256, naive, leaks }: Scoring,
  production: Production | null,
  list: ListFiles,
): Promise<unknown> {
  const { store } = workspace;
  const { primary, retrain, slices, min_test_rows } = config.thresholds;
  const { train, duplicates } = data;
  const baseline = production && {
    version: production.record.version,
    model: production.record.candidate.model.sha256,
    ...(await ownQueryInputs(workspace, config, data, production, list)),
  };
  return {
    pictures: 1, // kept from this version of mergeml on
    sha256,
    test: data.test.fingerprint,
    baseline,
    naive,
    primary,
    confidence: retrain.confidence,
    slices,
    seed: config.seed,
    leaks,
    group: config.features.split.group,
    duplicates: duplicates && {
      ...duplicates,
      train: train.fingerprint,
      stored: await store.has(train.fingerprint),
      min_test_rows,
    },
    heldOut: production && {
      split: config.features.split,
      key: config.features.key,
      split_seed: data.split_seed,
      stored: await store.has(production.record.candidate.train.fingerprint),
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
    features: { target, key, split },
  } = config;
  const { features, classes, test } = data;
  const table = await loadTable(store, test, { features, target, task, classes });
  const { candidate, explained } = await withForestModel(onnx, { features, classes }, async (opened) => ({
    candidate: await opened.predict(table.features),
    explained: await explain(workspace, scoring, opened, table),
  }));
  const scored = await scoreProduction(workspace, config, data, production, table);
  const { predictions, rows, left } = await judgedRows(workspace, scoring, production, scored);
  const clusters = split.group === undefined ? null : takeCodes(await loadClusters(store, test, split.group), rows);
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
    baseline: scored.baseline,
    naive,
    groups,
    clusters,
    seed,
    model: sha256,
    test_fingerprint: test.fingerprint,
    features,
    classes,
  });
  const shapes = await columnShapes(store, data, shapedColumns(scoring));
  const pictures = { ...compared.pictures, ...(shapes && { columns: shapes }) };
  const evaluation = {
    ...compared,
    pictures,
    test_rows: test.rows,
    ...left,
    ...(scoring.leaks && { leaks: scoring.leaks }),
  };
  const stored = await storePredictions(store, test, key, target, candidate);
  return { evaluation: { ...evaluation, ...explained }, predictions: stored };
}

const mostShapes = 12;

/** The target, and the features that matter most to the trainer. */
function shapedColumns({ config, data, ranking }: Scoring): ShapedColumn[] {
  const { task, features } = config;
  const share = new Map(ranking.map((each) => [each.feature, each.share]));
  const ranked = data.features.toSorted((a, b) => (share.get(b.name) ?? 0) - (share.get(a.name) ?? 0));
  return [
    { name: features.target, role: "target", isNumber: task === "regression" },
    ...ranked
      .slice(0, mostShapes)
      .map(({ name, kind }): ShapedColumn => ({ name, role: "feature", isNumber: kind === "number" })),
  ];
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
  const cached = await cache.read<{ explanations: Explanations | null }>("explain", inputs, {});
  if (cached) return cached.explanations ? { explanations: cached.explanations } : {};
  const { primary: metric } = thresholds;
  const { predict } = opened;
  const explained = await explainModel({ predict, table, metric, seed, ranking, clock, modelBytes: onnx.length });
  if ("left_out" in explained) {
    log.warn(`no explanations: ${explained.left_out}`);
    return { explanations_left_out: explained.left_out };
  }
  await cache.write("explain", inputs, explained, {});
  return explained.explanations ? { explanations: explained.explanations } : {};
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
  return { ...groups, codes: takeCodes(groups.codes, rows) };
}

function takeCodes(codes: Int32Array, rows: Int32Array | null): Int32Array {
  return rows === null ? codes : Int32Array.from(rows, (row) => codes[row]!);
}

function describeEvaluation({ metrics, baseline, rows, test_rows = rows }: Evaluation): string {
  const [primary] = metrics;
  if (!primary || primary.candidate === null) return `${rows} rows`;
  const found = `${primary.metric} ${formatNumber(primary.candidate)}`;
  if (baseline.state === "failed" || baseline.state === "incomparable")
    return `${found} (production v${baseline.version} does not score)`;
  if (baseline.state === "none" || primary.production === null || !primary.difference)
    return `${found} (nothing in production)`;
  const { value, low, high } = primary.difference;
  const on = rows < test_rows ? `, on ${formatCount(rows)} of ${formatCount(test_rows)} test rows` : "";
  return `${found} (production v${baseline.version}: ${formatNumber(primary.production)}${on})  Δ ${formatSigned(value)} (${formatSigned(low)} … ${formatSigned(high)})`;
}
