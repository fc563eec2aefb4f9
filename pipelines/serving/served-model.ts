import type { ProductionPointer, VersionRecord } from "../registry/version-record.ts";
import type { Predictions } from "../training/trainer.ts";
import type { RowBatch } from "./row-batch.ts";
import type { RowSignature } from "./rows/row-signature.ts";

/** Who made a version answer, when and why. */
export interface Placement extends Pick<ProductionPointer, "by" | "since" | "pull_request"> {
  /** Subject of the commit; null while it is not read yet. */
  why: string | null;
}

/** A version that is loaded, verified and warmed up. Features, classes and key are in `record.candidate`. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
  readonly record: VersionRecord;
  /** What rows for it have. */
  readonly signature: RowSignature;
  readonly placement: Placement;
  /**
   * What the model says of the rows, in their order. Rows of several calls may be scored as one batch. Rejects when ONNX Runtime
   * cannot score them.
   */
  score(batch: RowBatch): Promise<Predictions>;
  /** Whoever takes rows to it holds it until they are scored, so that a newer version does not free it under them. */
  hold(): void;
  letGo(): void;
  /** Frees its memory once nobody holds it. */
  retire(): Promise<void>;
}
