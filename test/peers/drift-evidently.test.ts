import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Random, seededRandom } from "../../pipelines/statistics/random.ts";
import { compareSamples, type EvidentlyAnswer } from "../../pipelines/watch/drift/evidently/compare-samples.ts";
import type { Sample } from "../../pipelines/watch/drift/evidently/sample.ts";
import { categories, numbers } from "../watch/drift/evidently/samples.ts";
import { pythonOf } from "./virtual-environment.ts";

interface Column {
  name: string;
  kind: Sample["kind"];
  reference: (number | string | null)[];
  current: (number | string | null)[];
}

interface Answers {
  columns: Record<string, { method: string; score: number }>;
  share: number;
}

const methods: Record<EvidentlyAnswer["test"], string> = {
  ks: "K-S p_value",
  wasserstein: "Wasserstein distance (normed)",
  "chi-square": "chi-square p_value",
  z: "Z-test p_value",
  "jensen-shannon": "Jensen-Shannon distance",
};

const sizes: [reference: number, current: number][] = [
  [30, 30],
  [500, 77],
  [1000, 1000],
  [1000, 9973],
  [1000, 10_000],
  [999, 10_001],
  [140, 20_000],
  [1001, 400],
  [5000, 5000],
  [20_000, 3000],
];
/** Every other size has the first of them, the others the last; a report of theirs takes two seconds. */
const shifts = [
  [0, 0.15],
  [0.05, 1],
];
const cases = sizes.flatMap(([before, now], size) =>
  shifts[size % 2]!.map((shift, at) => makeCase(seededRandom(1000 * size + at), before, now, shift)),
);
const titles = cases.map((columns, at): [string, number] => {
  const size = Math.floor(at / 2);
  const [before, now] = sizes[size]!;
  return [`${before} rows, then ${now}, ${columns.length} columns, shift ${shifts[size % 2]![at % 2]}`, at];
});

let theirs: readonly Answers[] = [];

beforeAll(() => {
  const script = join(import.meta.dirname, "drift-evidently.py");
  const options = { input: JSON.stringify(cases), maxBuffer: 64 * 1024 * 1024, timeout: 900_000 }; // minutes of it, where much else runs
  theirs = JSON.parse(execFileSync(pythonOf("peer-evidently"), [script], options).toString());
});

test.each(titles)("as Evidently: %s", (_, at) => {
  const ours = cases[at]!.map((column) => ({
    ...column,
    answer: compareSamples(sample(column, "reference"), sample(column, "current"))!,
  }));
  for (const { name, answer } of ours) {
    const { method, score } = theirs[at]!.columns[name]!;
    expect(`${name}: ${methods[answer.test]}`).toBe(`${name}: ${method}`);
    expect(Math.abs(answer.score - score), `${name}: ${answer.score} against ${score}`).toBeLessThanOrEqual(1e-9);
  }
  const drifting = ours.filter(({ answer }) => answer.drifts);
  expect(drifting.length / ours.length).toBeCloseTo(theirs[at]!.share, 12);
});

test("the cases reach every test, drifting and not", () => {
  const reached = cases.flat().map((column) => {
    const { test: name, drifts } = compareSamples(sample(column, "reference"), sample(column, "current"))!;
    return `${name} ${drifts}`;
  });
  expect(new Set(reached).size).toBe(10);
});

function sample({ kind, ...sides }: Column, side: "reference" | "current"): Sample {
  const values = sides[side].filter(
    (value) => value !== null && Number.isFinite(Number(kind === "numeric" ? value : 0)),
  );
  return kind === "numeric" ? numbers(values as number[]) : categories(values as string[]);
}

function makeCase(random: Random, before: number, now: number, shift: number): Column[] {
  const column = (name: string, kind: Sample["kind"], value: (moved: number) => number | string | null): Column => ({
    name,
    kind,
    reference: Array.from({ length: before }, () => value(0)),
    current: Array.from({ length: now }, () => value(shift)),
  });
  const uniform = () => random() / 2 ** 32;
  const bell = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const pick = (count: number, moved: number) => Math.floor(count * uniform() ** (1 + moved));
  return [
    column("normal", "numeric", (moved) => bell() + moved),
    column("skewed", "numeric", (moved) => Math.exp(bell() + moved)),
    column("rounded", "numeric", (moved) => Math.round(4 * (bell() + moved))),
    column("gaps", "numeric", (moved) => (uniform() < 0.1 ? null : bell() * (1 + moved))),
    column("two numbers", "numeric", (moved) => pick(2, moved)),
    column("four numbers", "numeric", (moved) => pick(4, moved)),
    column("constant", "numeric", () => 3),
    column("two", "category", (moved) => `v${pick(2, moved)}`),
    column("three", "category", (moved) => (uniform() < 0.1 ? null : `v${pick(3, moved)}`)),
    column("many", "category", (moved) => `v${pick(40, moved)}`),
    column("new value", "category", (moved) => (moved > 0.5 ? "new" : `v${pick(3, moved)}`)),
  ];
}
