import type { HistoryEntry } from "../../../pipelines/registry/history.ts";
import type {
  ComparisonFinding,
  Evidence,
  LiveFinding,
  ShareFinding,
} from "../../../pipelines/watch/promotion/evidence.ts";

/** A move of production as `kind from>to`: m(erge) and p(romote) put something there, r(everts) come back, a(utomatically) too; `-` is nothing. */
export function historyOf(...moves: readonly string[]): HistoryEntry[] {
  return moves
    .map((move, at): HistoryEntry => {
      const [kind = "", from = "", to = ""] = move.split(/[ >]/);
      const isPromotion = kind === "m" || kind === "p";
      return {
        action: isPromotion ? "promote" : "rollback",
        from: from === "-" ? null : Number(from),
        to: to === "-" ? null : Number(to),
        commit: `commit-${at}`,
        by: kind === "p" ? "Ada" : "robot",
        time: new Date(Date.UTC(2026, 0, 1 + at)).toISOString(),
        subject: isPromotion ? `promote(rent): ${from} -> ${to}` : 'Revert "promote(rent)"',
        pullRequest: null,
        automatic: kind === "a" ? "error_rate" : null,
      };
    })
    .toReversed();
}

/** 12% of 1,000 requests failed, 5% are allowed. */
export function errors(changes: Partial<ShareFinding> = {}): ShareFinding {
  return { condition: "error_rate", state: "measured", rows: 1000, share: 0.12, limit: 0.05, ...changes };
}

/** rmse 34.1 on 900 rows where v1's is 29.9. */
export function comparison(changes: Partial<ComparisonFinding> = {}): ComparisonFinding {
  return {
    condition: "worse_than_previous",
    state: "measured",
    rows: 900,
    metric: "rmse",
    direction: "min",
    previous: 1,
    values: { current: 34.1, previous: 29.9 },
    difference: { value: 4.2, low: 2.1, high: 6.3, confidence: 0.99 },
    ...changes,
  };
}

/** v2, put there by the second commit of a history, judged by these findings. */
export function evidence(findings: readonly LiveFinding[], changes: Partial<Evidence> = {}): Evidence {
  return {
    model: "rent",
    version: 2,
    promotion: "commit-1",
    window: { from: "2026-01-05T00:00:00.000Z", to: "2026-01-12T00:00:00.000Z" },
    least: 200,
    findings,
    ...changes,
  };
}
