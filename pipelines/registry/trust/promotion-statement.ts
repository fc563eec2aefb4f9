import type { VersionRecord } from "../version-record.ts";
import { makeStatement, type Statement, type StatingRun } from "./verdict-statement.ts";

/** What a signed promotion is called among predicates. */
export const promotionType = "https://github.com/mergeml/mergeml/blob/main/docs/trust.md#promotion-v1";

/** A move of what is in an environment. */
export interface StatedPromotion {
  /** `production`, or another pointer's name. */
  environment: string;
  /** null when nothing was there. */
  from: number | null;
  record: VersionRecord;
  /** The pointer file's path on the branch, and its hash. */
  file: string;
  hash: string;
  by: string;
  /** ISO time. */
  since: string;
  pullRequest: number | null;
  /** One sentence. */
  why: string;
  run: StatingRun | null;
  /** Who approved, as GitHub tells it. */
  approvedBy: readonly string[];
}

/** Who moved which environment from what to what, and why. Its subject is the pointer file, so a revert that brings the file back brings its statement back. */
export function promotionStatement(move: StatedPromotion): Statement {
  const { record, environment, from, by, since, why, run } = move;
  return makeStatement(
    promotionType,
    { [move.file]: move.hash },
    {
      ...{ model: record.model, environment, from, to: record.version },
      ...{
        record: record.digest,
        verdict: record.verdict.outcome,
        by,
        since,
        pull_request: move.pullRequest,
        why,
        run,
        approved_by: move.approvedBy,
      },
    },
  );
}
