import { dirname } from "node:path";
import type { Json } from "../../config/canonical-json.ts";
import type { Task } from "../../config/model-config.ts";
import { type DatasetRef, openDatasetStore } from "../../data/dataset-store.ts";
import { type FeatureSpec, loadTable, type Table } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import { scoreMetric } from "../../evaluation/compare-metric.ts";
import { shuffledRows, takeRows } from "../../evaluation/table-rows.ts";
import { silentLog } from "../../ports/host.ts";
import { openModel } from "../../training/onnx/session.ts";
import type { Predictions, ProgramSource, TrainedModel } from "../../training/trainer.ts";
import { findTrainer } from "../../training/trainers.ts";
import { validationCount } from "./trial-worker.ts";

/** Params by name. */
export type Params = Readonly<Record<string, Json>>;

/** One training of one trial: complete params, and how many rows it may learn from; null for all that are not kept for validation. */
export interface TrialJob {
  params: Params;
  rows: number | null;
}

/** How it went: null when it could not be trained or scored, with the reason. */
export interface TrialScore {
  score: number | null;
  problem?: string;
}

/** A finished training. */
export interface TrialResult extends TrialScore {
  seconds: number;
}

/** One trial as the record keeps it, in the order in which they were drawn. */
export interface TrialRecord {
  /** What the search chose; all other params are those of model.yaml. */
  params: Params;
  /** By the search's metric on the validation rows, in the last round the trial was in. */
  score: number | null;
  problem?: string;
  /** Of all its rounds. */
  seconds: number;
  /** Halving only: what the last round it was in gave it, e.g. trees. */
  budget?: number;
  /** Set on the one trial whose params the model has. */
  winner?: true;
}

/** What all trials of a search have in common; plain data, because it goes to other processes. */
export interface TrialSetup {
  /** The train split's file in the dataset store. */
  parquet: string;
  train: DatasetRef;
  features: readonly FeatureSpec[];
  classes: readonly string[];
  target: string;
  task: Task;
  type: string;
  seed: number;
  metric: string;
  validation: number;
  /** Of each trial. */
  threads: number;
  /** Where the program is that trains, for a type that runs one. */
  source?: ProgramSource;
}

/** A setup with its rows in memory. */
export interface TrialRows {
  setup: TrialSetup;
  table: Table;
  /** Shuffled: a smaller budget is a part of a larger one. */
  fitting: Int32Array;
  validation: Table;
}

/** Reads the train split and keeps some of its rows for validation. */
export async function loadTrialRows(setup: TrialSetup): Promise<TrialRows> {
  const { train, features, classes, target, task, seed } = setup;
  const store = openDatasetStore(dirname(dirname(setup.parquet)));
  const table = await loadTable(store, train, { features, classes, target, task });
  const order = shuffledRows(table.rows, seed);
  const kept = validationCount(table.rows, setup.validation);
  return { setup, table, fitting: order.subarray(kept), validation: takeRows(table, order.subarray(0, kept)) };
}

/**
 * Trains one trial and scores it on the validation rows. Params under which training ends in a UserError (it diverges, say)
 * are a trial that lost, not the end of the search; other errors go on.
 */
export async function scoreTrial({ setup, table, fitting, validation }: TrialRows, job: TrialJob): Promise<TrialScore> {
  const { task, seed, threads, type, metric, source } = setup;
  const rows = takeRows(table, fitting.subarray(0, job.rows ?? fitting.length));
  try {
    const input = { task, table: rows, params: job.params, seed, threads, log: silentLog };
    const model = await findTrainer(type).train({ ...input, ...(source && { source }) });
    return scoreMetric(metric, validation.target, await predictions(model, setup, validation));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { score: null, problem: error.message };
  }
}

/** By the trainer itself, or by ONNX Runtime where nothing else can score the model. */
async function predictions(model: TrainedModel, { features, classes }: TrialSetup, rows: Table): Promise<Predictions> {
  if (!model.parity) return model.predict(rows.features);
  const session = await openModel(model.onnx, { features, classes });
  try {
    return await session.predict(rows.features);
  } finally {
    await session.close();
  }
}
