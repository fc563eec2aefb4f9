import type { LoadedModel } from "../config/load-models.ts";
import type { CheckResult } from "../data/dataset-store.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { InputExample } from "../registry/mlflow-files.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";

/** A trained, evaluated and judged model that is not registered. */
export interface Candidate {
  record: CandidateRecord;
  /** The bytes of model.onnx: what was scored is what ships. */
  model: Uint8Array;
  evaluation: Evaluation;
  verdict: Verdict;
  naive: Naive;
  example: InputExample;
}

/** What a model that learned nothing would predict, from the train split. */
export type Naive = { mean: number } | { frequencies: readonly number[] };

/** How building a candidate can end. */
export type BuildResult =
  | { state: "checks-failed"; model: LoadedModel; checks: readonly CheckResult[]; rows: number }
  /** The inputs are those of the version in production. */
  | { state: "unchanged"; model: LoadedModel; version: number }
  /** Other inputs, but the same model bytes as production: nothing to deploy. */
  | { state: "identical"; model: LoadedModel; candidate: Candidate; version: number }
  | { state: "judged"; model: LoadedModel; candidate: Candidate; production: VersionRecord | null };
