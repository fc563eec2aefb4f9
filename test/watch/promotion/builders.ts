import { formatMessage, promoteSubject } from "../../../pipelines/registry/commit-message.ts";
import type { PointerChange, PointerState } from "../../../pipelines/registry/pointer-changes.ts";
import { type Deployments, foldDeployments } from "../../../pipelines/registry/standing.ts";
import type {
  ComparisonFinding,
  Evidence,
  LiveFinding,
  ShareFinding,
} from "../../../pipelines/watch/promotion/decide-rollback.ts";

/** A move of production as `kind from>to`: m(erge) and p(romote) put something there, r(everts) come back, a(utomatically) too; `-` is nothing. */
export function changesOf(...moves: readonly string[]): PointerChange[] {
  let stack: PointerState[] = [];
  return moves.map((move, at): PointerChange => {
    const [kind = "", , to = ""] = move.split(/[ >]/);
    const isPromotion = kind === "m" || kind === "p";
    const version = to === "-" ? null : Number(to);
    const before = stack.at(-1) ?? null;
    const below = stack.slice(0, stack.findLastIndex((state) => state.version === version) + 1);
    stack = isPromotion ? [...stack, { blob: `blob-${at}`, version }] : version === null ? [] : below;
    const subject = isPromotion ? promoteSubject("rent", before?.version ?? null, version!) : 'Revert "promote(rent)"';
    return {
      commit: `commit-${at}`,
      author: kind === "p" ? "Ada" : "robot",
      time: new Date(Date.UTC(2026, 0, 1 + at)).toISOString(),
      subject,
      message: formatMessage(subject, null, factsOf(version, kind === "a" ? "error_rate" : null)),
      from: before,
      to: stack.at(-1) ?? null,
    };
  });
}

function factsOf(version: number | null, automatic: string | null) {
  return { model: "rent", version, candidate: null, pullRequest: null, verdict: null, automatic };
}

/** What these moves amount to. */
export function deploymentsOf(...moves: readonly string[]): Deployments {
  return foldDeployments(changesOf(...moves));
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
