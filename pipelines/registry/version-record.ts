import type { TrialRecord } from "../candidate/search/score-trial.ts";
import type { ModelConfig } from "../config/model-config.ts";
import type { CheckResult, DatasetRef } from "../data/dataset-store.ts";
import type { SourceSnapshot } from "../data/sources/source-snapshot.ts";
import type { FeatureSpec } from "../data/table.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { Coefficient, Importance, TrainingCurve } from "../training/trainer.ts";

/** What a candidate is, before and after it is registered. Everything in it is a function of the inputs, but `created` and `commit`. */
export interface CandidateRecord {
  /** `c-` and 64 hex digits: the hash of everything that determines it. */
  id: string;
  /** Hash of what the user wrote: config, query and trainer, without the data. */
  definition: string;
  config: ModelConfig;
  query: string;
  trainer: { name: string; version: number };
  /** Commit of the models' repository, null outside one; `dirty` when the model's folder had uncommitted changes. */
  commit: string | null;
  dirty: boolean;
  features: readonly FeatureSpec[];
  classes: readonly string[];
  /** What drew the split; records of before it had a seed of its own lack it: it is `config.seed` there. */
  split_seed?: number;
  train: DatasetRef;
  test: DatasetRef;
  predictions: DatasetRef;
  /** What the query read of sources; absent where it names none. */
  sources?: readonly SourceSnapshot[];
  checks: readonly CheckResult[];
  notes: readonly string[];
  model: { sha256: string; size: number };
  importance: readonly Importance[];
  coefficients: readonly Coefficient[];
  /** Of a search: all it tried, in the order in which they were drawn. `config.params` has the winner's. */
  trials?: readonly TrialRecord[];
  curves: readonly TrainingCurve[];
  environment: Readonly<Record<string, string>>;
  /** ISO time. */
  created: string;
  train_seconds: number;
}

/** versions/<n>/version.json */
export interface VersionRecord {
  format: 1;
  model: string;
  version: number;
  candidate: CandidateRecord;
  evaluation: Evaluation;
  verdict: Verdict;
  pull_request: number | null;
  registered: string;
  registered_by: string;
  /** sha256 of every other file in the version's folder. */
  files: Readonly<Record<string, string>>;
  /** sha256 of this record's canonical JSON without `digest`. */
  digest: string;
}

/** What a pointer file of either kind says: a version, bound to its bytes and its record, since when and by whom. */
export interface VersionPointer {
  version: number;
  /** sha256 of the version's model.onnx. */
  model: string;
  /** `digest` of the version's version.json. */
  record: string;
  since: string;
  by: string;
}

/** models/<name>/production.json */
export interface ProductionPointer extends VersionPointer {
  pull_request: number | null;
}

/** models/<name>/challenger.json: the version that is tried beside production, and on what. */
export interface ChallengerPointer extends VersionPointer {
  /** `shadow`: it gets a copy of every request and answers none. `split`: it answers its share of them. */
  mode: "shadow" | "split";
  /** Of the requests that it answers, 0 < share < 1; null for a shadow. */
  share: number | null;
}
