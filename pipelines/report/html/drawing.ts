import type { Evaluation } from "../../evaluation/evaluation.ts";
import type { Verdict } from "../../gate/verdict.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import type { Facts } from "../page/facts.ts";
import type { Plots } from "../page/plots.ts";

/** A judged candidate or a version, and what it is drawn with. `facts` are of the record that has these three under these names. */
export interface Drawing {
  plots: Plots;
  facts: Facts;
  candidate: CandidateRecord;
  evaluation: Evaluation;
  verdict: Verdict;
  /** What the candidate is called: `candidate`, or a version `v3`. */
  own: string;
}

/** Who is compared, as the record names them. */
export type Contender = "candidate" | "production";

/** `production v2`, or the name of the candidate. */
export function nameOf({ evaluation: { baseline }, own }: Pick<Drawing, "evaluation" | "own">, who: Contender): string {
  if (who === "candidate") return own;
  return baseline.state === "none" ? "production" : `production v${baseline.version}`;
}
