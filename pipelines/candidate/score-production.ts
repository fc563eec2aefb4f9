import type { ModelConfig } from "../config/model-config.ts";
import { findCopies } from "../data/count-duplicates.ts";
import type { Duplicates, FeatureData } from "../data/dataset-store.ts";
import { type JoinedFeatures, joinFeatures } from "../data/join-features.ts";
import type { hashInputs, listInputs } from "../data/list-inputs.ts";
import type { FeatureSpec, Table } from "../data/table.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Baseline, Evaluation, JudgedDuplicates, OwnQuery } from "../evaluation/evaluation.ts";
import type { Production } from "../registry/production.ts";
import { countOf } from "../statistics/format-number.ts";
import { withForestModel } from "../training/onnx/forest-model.ts";
import type { Predictions } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Scoring } from "./score-candidate.ts";
import { findSeenRows, type KnownRows } from "./seen-rows.ts";

/** Production's predictions, as far as there are any. */
interface ScoredProduction {
  baseline: Baseline;
  predictions: Predictions | null;
  /** Positions of the test rows that `predictions` are of, and that both models are judged on; null for all of them. */
  rows: Int32Array | null;
}

type CandidateData = Pick<FeatureData, "features" | "test">;

/**
 * Scores production on the candidate's test rows. What the candidate's query no longer gives is taken from production's own
 * query, over the candidate's window, joined by key. A model that does not load or score is a failed baseline, one that has
 * no row in common with the candidate an incomparable one: neither is "no baseline".
 */
export async function scoreProduction(
  workspace: Workspace,
  config: ModelConfig,
  data: CandidateData,
  production: Production | null,
  table: Table,
): Promise<ScoredProduction> {
  if (!production) return { baseline: { state: "none" }, predictions: null, rows: null };
  const { version, candidate } = production.record;
  const about = { version, model: candidate.model.sha256 };
  const model = { ...about, features: candidate.features, classes: candidate.classes };
  try {
    const found = await featuresOf(workspace, config, data, production, table);
    if ("reason" in found) {
      return { baseline: { state: "incomparable", ...model, reason: found.reason }, predictions: null, rows: null };
    }
    const bytes = await production.bytes();
    const predictions = await withForestModel(bytes, candidate, (opened) => opened.predict(found.features));
    const own = found.own && { own_query: found.own };
    return { baseline: { state: "scored", ...model, ...own }, predictions, rows: found.rows };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { baseline: { state: "failed", ...about, reason }, predictions: null, rows: null };
  }
}

/** How the files that a query could read are told apart. */
export type ListFiles = typeof listInputs | typeof hashInputs;

/** What decides, beside the test rows and the two models, how production scores: the data that its own query reads, when that must run. */
export async function ownQueryInputs(
  { root, repository, extraData }: Workspace,
  { features }: ModelConfig,
  data: CandidateData,
  { record }: Production,
  list: ListFiles,
): Promise<{ window?: unknown; files?: unknown }> {
  if (missingFeatures(data.features, record.candidate.features).length === 0) return {};
  return { window: features.window, files: await list(root, repository.data, extraData) };
}

type ProductionFeatures =
  | (Pick<JoinedFeatures, "features"> & { rows: Int32Array | null; own?: OwnQuery })
  | { reason: string };

async function featuresOf(
  workspace: Workspace,
  config: ModelConfig,
  data: CandidateData,
  { record: { candidate } }: Production,
  table: Table,
): Promise<ProductionFeatures> {
  const { task } = candidate.config;
  if (task !== config.task) return { reason: `it does ${task}, and the candidate ${config.task}` };
  const missing = missingFeatures(data.features, candidate.features);
  if (missing.length === 0) return { features: table.features, rows: null };
  const gone = `the candidate's query no longer gives ${missing.join(", ")}`;
  const { key } = config.features;
  if (key.length === 0) return { reason: `${gone}, and without features.key production's own query cannot be joined` };
  if (key.some((name) => !candidate.config.features.key.includes(name))) {
    return { reason: `${gone}, and production's own query has no key ${key.join(", ")} to join by` };
  }
  try {
    const { rows, features } = await joinFeatures(joinJob(workspace, config, data, candidate));
    if (rows.length === 0) return { reason: `${gone}, and its own query gives no row with a key of the test rows` };
    return { rows, features, own: { missing, key, test_rows: data.test.rows, joined_rows: rows.length } };
  } catch (error) {
    // A machine that fails says nothing of the query.
    if (!(error instanceof UserError)) throw error;
    return { reason: `${gone}, and its own query no longer runs: ${error.message}` };
  }
}

/** Names of what production needs and the candidate's rows have not, or have as something else. */
function missingFeatures(have: readonly FeatureSpec[], need: readonly FeatureSpec[]): string[] {
  const lost = need.filter(({ name, kind }) => {
    const now = have.find((each) => each.name === name);
    return !now || (now.kind === "category") !== (kind === "category");
  });
  return lost.map(({ name }) => name);
}

function joinJob(
  { root, repository, extraData, engineOf, store, threads }: Workspace,
  { features, resources }: ModelConfig,
  { test }: CandidateData,
  candidate: Production["record"]["candidate"],
): Parameters<typeof joinFeatures>[0] {
  const own = candidate.config.features;
  return {
    root,
    data: repository.data,
    extraData,
    engine: engineOf(own.engine),
    store,
    limits: { memory_gb: resources.memory_gb, threads, seconds: resources.timeout_minutes * 60 },
    config: { ...candidate.config, features: { ...own, window: features.window } },
    query: { path: `${own.query} of production`, text: candidate.query },
    wanted: candidate.features,
    split: test,
    key: features.key,
  };
}

/** What both models are judged on. */
interface JudgedRows {
  /** Production's scores, and positions of those that count. */
  predictions: { scores: Predictions; rows: Int32Array | null } | null;
  /** Positions of the judged test rows; null for all. */
  rows: Int32Array | null;
  left: Pick<Evaluation, "seen_by_production" | "overlap_unknown" | "duplicates">;
}

type Place = Pick<Workspace, "store" | "threads">;

/**
 * Leaves out, for everybody, the rows that production was trained on, and copies of rows that the candidate was trained on.
 * Where that cannot be known, or leaves too few, all are judged, and said so.
 */
export async function judgedRows(
  place: Place,
  scoring: Scoring,
  production: Production | null,
  { baseline, predictions, rows }: ScoredProduction,
): Promise<JudgedRows> {
  const compared = production !== null && baseline.state === "scored";
  const seen = compared ? await findSeenRows(place, scoring.config, scoring.data, production) : null;
  const kept = without(rows, seenPositions(seen), scoring.data.test.rows);
  const { positions, duplicates } = await copiesAmong(place, scoring, kept);
  const judged = without(kept, positions, scoring.data.test.rows);
  const left = {
    ...overlapOf(seen, lengthOf(rows, scoring) - lengthOf(kept, scoring)),
    ...(duplicates && { duplicates }),
  };
  return { predictions: predictions && { scores: predictions, rows: within(rows, judged) }, rows: judged, left };
}

function seenPositions(seen: KnownRows | null): Int32Array {
  return seen && "rows" in seen ? seen.rows : new Int32Array(0);
}

function overlapOf(seen: KnownRows | null, count: number): JudgedRows["left"] {
  if (seen === null) return {};
  return "unknown" in seen
    ? { seen_by_production: null, overlap_unknown: seen.unknown }
    : { seen_by_production: count };
}

function lengthOf(rows: Int32Array | null, { data }: Scoring): number {
  return rows?.length ?? data.test.rows;
}

/** `rows`, or all, without those at `positions`; as it was when there are none of them. */
function without(rows: Int32Array | null, positions: Int32Array, count: number): Int32Array | null {
  if (positions.length === 0) return rows;
  const left = new Set(positions);
  return (rows ?? Int32Array.from({ length: count }, (_, row) => row)).filter((row) => !left.has(row));
}

/** Where in `rows`, or in all, the judged ones are. */
function within(rows: Int32Array | null, judged: Int32Array | null): Int32Array | null {
  if (judged === null || judged === rows) return null;
  if (rows === null) return judged;
  const wanted = new Set(judged);
  return Int32Array.from(rows.keys()).filter((at) => wanted.has(rows[at]!));
}

/** Share of copies that changes what a metric says. */
const worthLeavingOut = 0.01;
/** How often equal features must come with an equal target, beyond chance, to be copies and no coincidence. */
const sureAgreement = 0.95;

interface Copies {
  positions: Int32Array;
  duplicates: JudgedDuplicates | null;
}

/**
 * The test rows that copy a train row. In a table of few different values rows are equal by coincidence; their targets then
 * differ as those of other rows do, and they are judged. Copies always have the target of what they are copied from.
 */
async function copiesAmong(place: Place, { config, data }: Scoring, rows: Int32Array | null): Promise<Copies> {
  const { duplicates, train, test } = data;
  const none = { positions: new Int32Array(0) };
  if (!duplicates) return { ...none, duplicates: null };
  const counted: Duplicates = { rows: duplicates.rows, copies: duplicates.copies, agreement: duplicates.agreement };
  const keep = (kept?: string): Copies => ({ ...none, duplicates: { ...counted, left_out: 0, ...(kept && { kept }) } });
  const many = counted.copies >= worthLeavingOut * test.rows && counted.agreement >= sureAgreement;
  if (!many) return keep();
  if (!(await place.store.has(train.fingerprint)))
    return keep("which rows they are cannot be known, as the train split is not in the dataset store");
  const positions = await findCopies(place, data, config.features.target);
  const before = rows?.length ?? test.rows;
  const after = without(rows, positions, test.rows)?.length ?? before;
  const { min_test_rows = 1 } = config.thresholds;
  if (after < min_test_rows && before >= min_test_rows)
    return keep(
      `only ${countOf(after, "other row")} would be left to judge on, and thresholds.min_test_rows asks for ${min_test_rows}`,
    );
  return { positions, duplicates: { ...counted, left_out: before - after } };
}
