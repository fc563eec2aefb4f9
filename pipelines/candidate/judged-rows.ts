import { findCopies } from "../data/count-duplicates.ts";
import type { Duplicates } from "../data/dataset-store.ts";
import type { Evaluation, JudgedDuplicates } from "../evaluation/evaluation.ts";
import type { Production } from "../registry/production.ts";
import { countOf } from "../statistics/format-number.ts";
import type { Predictions } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Scoring } from "./score-candidate.ts";
import type { ScoredProduction } from "./score-production.ts";
import { findSeenRows } from "./seen-rows.ts";
import type { KnownRows } from "./trained-on.ts";

/** What both models are judged on. */
export interface JudgedRows {
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
