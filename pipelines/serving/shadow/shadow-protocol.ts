import type { ModelSignature } from "../../training/onnx/session.ts";
import type { RowBatch } from "../row-batch.ts";

/** What the thread of a shadow begins with. */
export interface ShadowStart {
  bytes: Uint8Array;
  signature: ModelSignature;
}

/** Rows to score. */
export interface ShadowRows {
  id: number;
  batch: RowBatch;
}

/** That it is loaded (id 0), what it says of rows, or why it cannot. */
export type ShadowReply = { id: number; rows: number; values: Float32Array } | { id: number; error: string };
