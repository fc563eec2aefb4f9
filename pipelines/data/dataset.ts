import type { StagedRows } from "./engines/engine.ts";
import type { SourceSnapshot } from "./sources/source-snapshot.ts";
import type { FeatureSpec } from "./table.ts";

/** An immutable table in the dataset store. */
export interface DatasetRef {
  /** `fp:` and 32 hex digits; the same rows in any order give the same fingerprint. */
  fingerprint: string;
  rows: number;
  columns: readonly { name: string; type: string }[];
  /** Of a train split that is a sample: the whole one, which is stored nowhere. */
  sample_of?: { fingerprint: string; rows: number };
}

export interface CheckResult {
  /** E.g. `distance between [0, 6000]`. */
  check: string;
  severity: "block" | "warn";
  passed: boolean;
  /** What was found, e.g. `12 of 53,940 rows, e.g. -3`. */
  found: string;
  /** Rows that break the rule; null for rules about an aggregate. */
  failing_rows: number | null;
  /** Where the rule is written, when it failed and is not the model's own: `features/customer.yaml:12`. */
  where?: string;
}

/** Test rows that equal a train row in all features. */
export interface Duplicates {
  rows: number;
  /** Of those, the ones that a train row equals in the target too, but for features that many train rows have. */
  copies: number;
  /** How often the target of a few rows with equal features is equal, beyond chance: 0 at random, 1 always. */
  agreement: number;
}

/** What the features step gives: two stored splits, the model's signature, and the checks' results. */
export interface FeatureData {
  train: DatasetRef;
  test: DatasetRef;
  features: readonly FeatureSpec[];
  /** Every class of train and test, by code point (numbers in numeric order); empty for a regression. */
  classes: readonly string[];
  checks: readonly CheckResult[];
  /** Where a program on a cluster reads all train rows, when it asks for that; until it has been trained. */
  staged?: StagedRows;
  /** Absent where rows are split by themselves, so that equal ones are on one side. */
  duplicates?: Duplicates;
  /** What was read of sources; absent where the query names none. */
  sources?: readonly SourceSnapshot[];
  /** What is wrong with the rows and somebody should mend, e.g. values that fall together as 32-bit numbers. */
  warnings?: readonly string[];
  /** Facts worth a line in the report, e.g. a column with the same value in every row. */
  notes: readonly string[];
}

/** A blocking check that failed is an answer, not an exception: the report shows what was found. Nothing is stored then. */
export type FeatureResult =
  | ({ ok: true } & FeatureData)
  | {
      ok: false;
      checks: readonly CheckResult[];
      rows: number;
      sources?: readonly SourceSnapshot[];
    };
