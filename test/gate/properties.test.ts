import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Thresholds } from "../../pipelines/config/model-config.ts";
import type {
  Direction,
  Evaluation,
  MetricComparison,
  SliceComparison,
} from "../../pipelines/evaluation/evaluation.ts";
import { judge, recheckVerdict } from "../../pipelines/gate/judge.ts";
import { context, evaluation, firstEvaluation, metric, slice, thresholds } from "./builders.ts";

const names: readonly (readonly [string, Direction])[] = [
  ["rmse", "min"],
  ["mae", "min"],
  ["r2", "max"],
];
const score = fc.double({ min: -50, max: 50, noNaN: true });
const half = fc.double({ min: 0, max: 10, noNaN: true });
const margin = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map((relative) => ({ relative })),
  fc.double({ min: 0, max: 10, noNaN: true }).map((absolute) => ({ absolute })),
);

const evaluations = fc
  .record({
    scores: fc.tuple(...names.map(() => fc.tuple(score, score, half))),
    slices: fc.array(fc.tuple(score, score, fc.integer({ min: 1, max: 400 })), { maxLength: 4 }),
    first: fc.boolean(),
  })
  .map(({ scores, slices, first }) => {
    const metrics = scores.map(([ours, theirs, width], at) =>
      metric(names[at]![0], ours, theirs, width, names[at]![1]),
    );
    const compared = slices.map(([ours, theirs, rows], at) => slice(`S${at}`, ours, theirs, { rows }));
    return first ? firstEvaluation(metrics) : evaluation(metrics, { slices: compared });
  });

/** Bounds on the bad side only: a bound that forbids being too good is not monotone on purpose. */
const limits = fc.record({ rmse: fc.record({ max: score }), r2: fc.record({ min: score }) }, { requiredKeys: [] });
const rules: fc.Arbitrary<Thresholds> = fc
  .record({
    primary: fc.constantFrom("rmse", "mae", "r2"),
    mode: fc.constantFrom("point" as const, "superior" as const, "non-inferior" as const),
    margin,
    always: limits,
    first_deploy: limits,
    slices: fc.array(
      margin.map((max_regression) => ({ by: "origin", metric: "rmse", max_regression, min_rows: 200 })),
      { maxLength: 1 },
    ),
  })
  .map(({ mode, margin, ...rest }) => thresholds({ ...rest, retrain: { mode, margin, confidence: 0.95 } }));

/** Every score of the candidate better by `gain`, with its interval. */
function improve(evaluated: Evaluation, gain: number): Evaluation {
  const shift = <T extends MetricComparison | SliceComparison>(each: T): T => {
    const by = each.direction === "min" ? -gain : gain;
    const moved = each.difference && {
      ...each.difference,
      value: each.difference.value + by,
      low: each.difference.low + by,
      high: each.difference.high + by,
    };
    return { ...each, candidate: each.candidate! + by, difference: moved };
  };
  return { ...evaluated, metrics: evaluated.metrics.map(shift), slices: evaluated.slices.map(shift) };
}

const rank = { fail: 0, inconclusive: 1, pass: 2 };

describe("the gate", () => {
  test("gives the same verdict for the same input, and changes none of it", () => {
    fc.assert(
      fc.property(evaluations, rules, (evaluated, limits) => {
        const before = structuredClone([evaluated, limits]);
        const verdict = judge(evaluated, limits, context(evaluated));
        expect(judge(evaluated, limits, context(evaluated))).toEqual(verdict);
        expect([evaluated, limits]).toEqual(before);
      }),
    );
  });

  test("never turns down a candidate for being better", () => {
    fc.assert(
      fc.property(evaluations, rules, fc.double({ min: 0.01, max: 20, noNaN: true }), (evaluated, limits, gain) => {
        const before = judge(evaluated, limits, context(evaluated)).outcome;
        const after = judge(improve(evaluated, gain), limits, context(evaluated)).outcome;
        expect(rank[after]).toBeGreaterThanOrEqual(rank[before]);
      }),
      { numRuns: 500 },
    );
  });

  test("passes only when every check does, and always has a sentence", () => {
    fc.assert(
      fc.property(evaluations, rules, (evaluated, limits) => {
        const { outcome, checks, summary } = judge(evaluated, limits, context(evaluated));
        expect(outcome === "pass").toBe(checks.every((check) => check.outcome === "pass"));
        expect(summary).toMatch(/^\S.*\.$/);
        expect(`${summary}${checks.map(({ reason, found, limit }) => reason + found + limit)}`).not.toMatch(
          /undefined|NaN|null/,
        );
      }),
    );
  });

  test("never passes a candidate that is worse than production by more than any margin, whatever the mode", () => {
    fc.assert(
      fc.property(rules, fc.double({ min: 11, max: 100, noNaN: true }), half, (limits, worse, width) => {
        const metrics = names.map(([name, direction]) =>
          metric(name, direction === "min" ? 5 + worse : 5 - worse, 5, width, direction),
        );
        const evaluated = evaluation(metrics);
        expect(judge(evaluated, limits, context(evaluated)).outcome).toBe("fail");
      }),
    );
  });
});

describe("rechecking a verdict", () => {
  test("accepts what the gate gave, after a round trip through JSON", () => {
    fc.assert(
      fc.property(evaluations, rules, (evaluated, limits) => {
        const verdict = judge(evaluated, limits, context(evaluated));
        const [v, e, t] = JSON.parse(JSON.stringify([verdict, evaluated, limits]));
        recheckVerdict(v, e, t, []);
      }),
    );
  });

  test("rejects any changed number of the evaluation or the thresholds", () => {
    fc.assert(
      fc.property(evaluations, rules, fc.nat(), fc.constantFrom(1, -0.001, 1e6), (evaluated, limits, at, by) => {
        const verdict = judge(evaluated, limits, context(evaluated));
        const [e, t] = withNumberChanged([evaluated, limits], at, by);
        expect(() => recheckVerdict(verdict, e, t, [])).toThrow(
          /^verdict\.\S+ is recorded as .* and judging again gives /,
        );
      }),
      { numRuns: 300 },
    );
  });
});

/** A copy with one of its numbers, the `at`-th around, changed by `by`. */
function withNumberChanged<T>(value: T, at: number, by: number): T {
  const copy = JSON.parse(JSON.stringify(value)) as T;
  const places: [Record<string, number>, string][] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, member] of Object.entries(node)) {
      if (typeof member === "number") places.push([node as Record<string, number>, key]);
      else visit(member);
    }
  };
  visit(copy);
  const [node, key] = places[at % places.length]!;
  node[key]! += by;
  return copy;
}
