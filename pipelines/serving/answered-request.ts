import type { Predictions } from "../training/trainer.ts";
import type { RowBatch } from "./row-batch.ts";
import type { ServedModel } from "./served-model.ts";

/** In which role a version was asked. */
export type Arm = "production" | "challenger" | "shadow";

/** The rows of one request that one version was asked for. */
export interface AnsweredRequest {
  model: ServedModel;
  arm: Arm;
  /** When the request had come, in milliseconds since 1970. */
  time: number;
  /** From then until there were predictions. */
  latency_ms: number;
  batch: RowBatch;
  /** Values are [rows, classes], or [rows] of a regression; null when the model failed. */
  predictions: Predictions | null;
  /** Why the model failed; null when it answered. */
  error: string | null;
}

/** What the log did with the rows it was given. */
export interface ServingLogFacts {
  kept: number;
  /** Lost because memory or disk did not suffice. */
  dropped: number;
  /** What is wrong with it now, in words; null when nothing is. */
  problem: string | null;
}

/** Where what was answered is written. */
export interface ServingLog extends AsyncDisposable {
  /** Called after the answer was handed to the socket. Never throws and never blocks. */
  onAnswered(request: AnsweredRequest): void;
  facts(): ServingLogFacts;
  /** Where its files are on this machine, laid out as the log; null when there are none. */
  readonly folder: string | null;
}

/** Keeps nothing. */
export const noLog: ServingLog = {
  onAnswered() {},
  facts: () => ({ kept: 0, dropped: 0, problem: null }),
  folder: null,
  [Symbol.asyncDispose]: async () => {},
};
