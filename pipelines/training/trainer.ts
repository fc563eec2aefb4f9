import type { Json } from "../config/canonical-json.ts";
import type { Task, TrainerSchema } from "../config/model-config.ts";
import type { StagedRows } from "../data/engines/engine.ts";
import type { FeatureColumn, Table } from "../data/table.ts";
import type { Log } from "../ports/host.ts";
import type { Parity } from "./onnx/parity.ts";

/** Scores of N rows. `values` is [N] for regression and [N, k] row-major probabilities for classification. */
export interface Predictions {
  rows: number;
  /** Empty for regression. */
  classes: readonly string[];
  values: Float32Array;
}

export interface Importance {
  feature: string;
  /** Non-negative shares that sum to 1. */
  share: number;
}

/** A named weight of a model that has such. */
export interface Coefficient {
  name: string;
  /** In the feature's own units. */
  value: number;
  /** Per standard deviation of the feature, in the target's units or log odds; absent for an intercept. */
  standardised?: number;
  /** The 95% interval of `value`; absent when it has none, e.g. a weight that a penalty set to 0. */
  low?: number;
  high?: number;
}

/** A curve over training, e.g. the loss by step. */
export interface TrainingCurve {
  metric: string;
  steps: readonly number[];
  values: readonly number[];
}

/** What a trainer that runs a program needs to know of the model on disk. */
export interface ProgramSource {
  /** The model's folder, absolute, and its name for people, e.g. `models/flight-delay`. */
  folder: string;
  name: string;
  /** sha256 of each of the program's files, by its path in the folder. */
  files: Readonly<Record<string, string>>;
  /** The name of the target's column. */
  target: string;
  /** The environment of mergeml, of which a program gets as good as nothing. */
  env: Readonly<Record<string, string | undefined>>;
}

export interface TrainingInput {
  task: Task;
  table: Table;
  /** Checked against the trainer's schema, defaults filled in. */
  params: Readonly<Record<string, Json>>;
  seed: number;
  threads: number;
  log: Log;
  /** For a trainer that runs a program. */
  source?: ProgramSource;
  /** All train rows where a cluster has them, of which `table` may be a sample. */
  staged?: StagedRows;
}

export interface TrainedModel {
  /** The serialized ONNX model; the same input gives the same bytes. */
  onnx: Uint8Array;
  /** The trainer's own predictions, compared with ONNX Runtime's before anything is kept. */
  predict(features: readonly FeatureColumn[]): Predictions;
  /** Given by a trainer whose models only ONNX Runtime can score: `predict` throws, and it has proved by itself what can be proved. */
  parity?: Parity;
  importance: readonly Importance[];
  /** Empty for models without. */
  coefficients: readonly Coefficient[];
  curves: readonly TrainingCurve[];
  /**
   * What else the record should say about how it was computed, e.g. the backend; under `reproducible`, why the same input may
   * give other bytes, where it may.
   */
  facts?: Readonly<Record<string, string>>;
}

/** What turns a train split and params into an ONNX model. One folder each; listed in `trainers.ts`. */
export interface Trainer extends TrainerSchema {
  /** Raise it whenever the same input would give other bytes: it is part of the candidate's id. */
  readonly version: number;
  /** Most rows that it can train on; of more, a sample is taken before they are read. */
  readonly mostRows?: number;
  /** What makes a long fit shorter, for people. */
  readonly shorter?: string;
  train(input: TrainingInput): Promise<TrainedModel>;
}
