import type { FeatureColumn } from "../../data/table.ts";
import type { ModelSignature } from "../../training/onnx/session.ts";

/** What a thread that scores is asked for. It does one thing after the other. */
export type ScoringRequest =
  | { kind: "open"; model: number; bytes: Uint8Array; signature: ModelSignature }
  | { kind: "score"; model: number; id: number; features: readonly FeatureColumn[] }
  | { kind: "close"; model: number };

/** Scores of all rows, or why there are none. */
export type ScoringReply = { id: number; values: Float32Array } | { id: number; error: string };
