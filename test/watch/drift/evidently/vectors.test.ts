import { expect, test } from "vitest";
import { compareSamples } from "../../../../pipelines/watch/drift/evidently/compare-samples.ts";
import { categories, counted, numbers, sequence } from "./samples.ts";

const reference = sequence(1200, (i) => (37 * i) % 101);
const current = sequence(900, (j) => ((53 * j) % 97) + 6);

test("many numbers, many rows: Wasserstein, Jensen-Shannon in 13 bins, PSI", () => {
  const answer = compareSamples(reference, current)!;
  expect(answer).toMatchObject({ test: "wasserstein", drifts: true, limit: 0.1 });
  expect(answer.score).toBeCloseTo(0.1327217184, 9);
  expect(answer.wasserstein).toBe(answer.score);
  expect(answer.jensenShannon).toBeCloseTo(0.0979706325, 9);
  expect(answer.psi).toBeCloseTo(0.0813239749, 9);
});

test("many numbers, few rows: Kolmogorov-Smirnov", () => {
  const first = numbers(sequence(200, (i) => (37 * i) % 101).values);
  const second = numbers(sequence(150, (j) => ((53 * j) % 97) + 6).values);
  const answer = compareSamples(first, second)!;
  expect(answer).toMatchObject({ test: "ks", drifts: false, limit: 0.05 });
  expect(answer.statistic).toBeCloseTo(0.06, 12);
  expect(answer.score).toBeCloseTo(0.9011957307, 9);
});

test("three categories: chi-square", () => {
  const answer = compareSamples(counted({ a: 60, b: 30, c: 10 }), counted({ a: 40, b: 30, c: 10 }))!;
  expect(answer).toMatchObject({ test: "chi-square", drifts: false, degrees: 2 });
  expect(answer.score).toBeCloseTo(0.1888756028, 9);
  expect(answer.jensenShannon).toBeCloseTo(0.0711293886, 9);
  expect(answer.psi).toBeCloseTo(0.0405465108, 9);
});

test.each([
  ["categories", counted({ no: 70, yes: 30 }), counted({ no: 50, yes: 30 })],
  ["numbers", numbers(repeated(0, 70, 1, 30)), numbers(repeated(0, 50, 1, 30))],
] as const)("two %s: z", (_, before, now) => {
  const answer = compareSamples(before, now)!;
  expect(answer).toMatchObject({ test: "z", drifts: false });
  expect(answer.statistic).toBeCloseTo(-1.0606601718, 9);
  expect(answer.score).toBeCloseTo(0.2888443664, 9);
});

/** Which test, by kind, distinct values of both sides together and rows of the reference. */
test.each([
  ["numeric", 1, 1000, "z"],
  ["numeric", 2, 1000, "z"],
  ["numeric", 3, 1000, "chi-square"],
  ["numeric", 5, 1000, "chi-square"],
  ["numeric", 6, 1000, "ks"],
  ["numeric", 400, 30, "ks"],
  ["numeric", 1, 1001, "jensen-shannon"],
  ["numeric", 2, 1001, "jensen-shannon"],
  ["numeric", 3, 1001, "jensen-shannon"],
  ["numeric", 5, 1001, "jensen-shannon"],
  ["numeric", 6, 1001, "wasserstein"],
  ["numeric", 400, 1001, "wasserstein"],
  ["category", 1, 1000, "z"],
  ["category", 2, 1000, "z"],
  ["category", 3, 1000, "chi-square"],
  ["category", 200, 1000, "chi-square"],
  ["category", 1, 1001, "jensen-shannon"],
  ["category", 2, 1001, "jensen-shannon"],
  ["category", 6, 1001, "jensen-shannon"],
  ["category", 200, 1001, "jensen-shannon"],
] as const)("%s of %d values, reference of %d rows: %s", (kind, values, rows, name) => {
  const column = (count: number) => Array.from({ length: count }, (_, i) => i % values);
  const make = (count: number) =>
    kind === "numeric" ? numbers(column(count)) : categories(column(count).map((value) => `c${value}`));
  expect(compareSamples(make(rows), make(500))!.test).toBe(name);
});

test("a value that only the current side has counts as one of the values", () => {
  expect(compareSamples(counted({ a: 50, b: 50 }), counted({ a: 50, c: 50 }))!.test).toBe("chi-square");
  expect(compareSamples(numbers([1, 2, 3, 4, 5]), numbers([1, 2, 6]))!.test).toBe("ks");
});

function repeated(first: number, times: number, second: number, others: number): number[] {
  return [...new Array(times).fill(first), ...new Array(others).fill(second)];
}
