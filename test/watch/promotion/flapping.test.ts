import fc from "fast-check";
import { expect, it } from "vitest";
import { type Deployments, standingOf } from "../../../pipelines/registry/standing.ts";
import { decideRollback } from "../../../pipelines/watch/promotion/decide-rollback.ts";
import { deploymentsOf, errors, evidence } from "./builders.ts";

/** What happens in a week: live data is good, bad or not there; or a person deploys, promotes, rolls back. */
type Week = "good" | "bad" | "few" | "merge" | "revert" | { promote: number };

const weeks: fc.Arbitrary<Week[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Week>("bad", "bad", "good", "few") },
    { weight: 2, arbitrary: fc.constantFrom<Week>("merge", "merge", "revert") },
    { weight: 1, arbitrary: fc.record({ promote: fc.nat(20) }) },
  ),
  { minLength: 20, maxLength: 200 },
);

/** A registry of version numbers: what was put on top of what. */
class Branch {
  moves: string[] = [];
  stack: number[] = [];
  versions = 0;

  get now(): number | null {
    return this.stack.at(-1) ?? null;
  }

  put(kind: "m" | "p", version: number): void {
    this.moves.push(`${kind} ${this.now ?? "-"}>${version}`);
    this.stack.push(version);
  }

  back(kind: "r" | "a"): void {
    const from = this.stack.pop();
    this.moves.push(`${kind} ${from}>${this.now ?? "-"}`);
  }

  deployments(): Deployments {
    return deploymentsOf(...this.moves);
  }
}

interface Rollback {
  from: number;
  to: number;
  /** Human promotions so far, and those of them when the last automatic rollback was. */
  promotions: number;
}

function live(sequence: readonly Week[]): { branch: Branch; rollbacks: Rollback[]; promotions: number } {
  const branch = new Branch();
  const rollbacks: Rollback[] = [];
  let promotions = 0;
  for (const week of sequence) {
    if (week === "merge") {
      branch.versions += 1;
      branch.put("m", branch.versions);
      promotions += 1;
    } else if (week === "revert") {
      if (branch.now !== null) branch.back("r");
    } else if (typeof week === "object") {
      const version = branch.versions === 0 ? null : 1 + (week.promote % branch.versions);
      if (version === null || version === branch.now) continue;
      branch.put("p", version);
      promotions += 1;
    } else {
      const rollback = judge(branch, week, promotions);
      if (rollback) rollbacks.push(rollback);
    }
  }
  return { branch, rollbacks, promotions };
}

function judge(branch: Branch, week: Week, promotions: number): Rollback | null {
  const standing = standingOf(branch.deployments());
  expect(standing?.version ?? null).toBe(branch.now);
  if (!standing) return null;
  const finding =
    week === "few"
      ? ({ condition: "error_rate", state: "too few rows", rows: 3 } as const)
      : errors({ share: week === "bad" ? 0.5 : 0.01 });
  const decision = decideRollback(
    evidence([finding], { version: standing.version, promotion: standing.promotion }),
    standing,
  );
  if (week !== "bad") expect(decision.action).toBe("nothing");
  if (decision.action !== "roll back") return null;
  const below = branch.stack.at(-2);
  expect(decision).toMatchObject({ from: branch.now, to: below });
  branch.back("a");
  expect(branch.now).toBe(decision.to);
  return { from: decision.from, to: decision.to, promotions };
}

it("rolls back at most once per promotion by a person, never to what failed, and never promotes", () => {
  let seen = 0;
  fc.assert(
    fc.property(weeks, (sequence) => {
      const { rollbacks, promotions } = live(sequence);
      seen += rollbacks.length;
      expect(rollbacks.length).toBeLessThanOrEqual(promotions);
      const failed = new Set<number>();
      for (const [at, { from, to, promotions: then }] of rollbacks.entries()) {
        expect(then).toBeGreaterThan(rollbacks[at - 1]?.promotions ?? 0);
        // Neither the same version twice, nor back to one that it took out.
        expect(failed.has(from)).toBe(false);
        expect(failed.has(to)).toBe(false);
        failed.add(from);
      }
    }),
  );
  expect(seen).toBeGreaterThan(50);
});

it("stays where it is through years of bad weeks after one rollback", () => {
  const { branch, rollbacks } = live(["merge", "merge", "merge", ...Array.from({ length: 500 }, (): Week => "bad")]);
  expect(rollbacks).toEqual([{ from: 3, to: 2, promotions: 3 }]);
  expect(branch.now).toBe(2);
});
