import type { DriftResult } from "../../watch/drift/drift-result.ts";
import type { Span } from "../../watch/drift/model-drift.ts";
import type { Agreement, ArmFacts } from "../comparison/arm-facts.ts";

/** What the server's own prediction log says of what answers now. Plain JSON. */
export interface LiveFindings {
  /** When it was looked at, ISO. */
  looked: string;
  /** Of the rows that were looked at: less than `drift.window` where the log is large. */
  window: Span;
  /** Of the version in production. */
  rows: number;
  /** Against the profile of that version, without labels; null when it has none. */
  drift: LiveDrift | null;
  /** null when nothing is tried. */
  trial: LiveTrial | null;
}

interface LiveDrift {
  outcome: DriftResult["outcome"];
  /** Features and predictions that drift, the most important first. */
  columns: readonly string[];
}

/** Production beside its challenger, since both answer. */
export interface LiveTrial {
  production: LiveArm;
  challenger: LiveArm;
  /** Of a shadow, on the rows of both. */
  agreement: Agreement | null;
}

export type LiveArm = Omit<ArmFacts, "labelled">;
