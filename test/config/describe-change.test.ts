import fc from "fast-check";
import { expect, test } from "vitest";
import { changedLines, describeChange } from "../../pipelines/config/describe-change.ts";
import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText } from "./example-model.ts";

const parse = modelParser(exampleParts);
const before = parse(exampleText, "model.yaml").config!;

test.each([
  ["a param", "max_leaves: 31", "max_leaves: 7", [{ key: "params.max_leaves", before: 31, after: 7 }]],
  [
    "a window",
    "end: 2001-04-01",
    "end: 2001-05-01",
    [{ key: "features.window.end", before: "2001-04-01", after: "2001-05-01" }],
  ],
  [
    "a window that is gone",
    "window: { start: 2001-01-01, end: 2001-04-01 }",
    "#",
    [{ key: "features.window", before: before.features.window, after: null }],
  ],
  [
    "a key",
    "key: flight_id",
    "key: [carrier, flight]",
    [{ key: "features.key", before: ["flight_id"], after: ["carrier", "flight"] }],
  ],
  [
    "a new limit",
    "mae: { max: 18 }",
    "mae: { max: 18 }, r2: { min: 0 }",
    [{ key: "thresholds.always.r2", before: undefined, after: { min: 0 } }],
  ],
  [
    "a removed check",
    "    - { rows: { min: 10000 } }\n",
    "",
    [{ key: "features.checks", before: before.features.checks[2], after: undefined }],
  ],
  [
    "a slice's limit",
    "max_regression: 10%",
    "max_regression: 5%",
    [
      { key: "thresholds.slices", before: before.thresholds.slices[0], after: undefined },
      {
        key: "thresholds.slices",
        before: undefined,
        after: { ...before.thresholds.slices[0], max_regression: { relative: 0.05 } },
      },
    ],
  ],
  ["nothing", "seed: 42", "seed: 42 # the answer", []],
])("%s", (_title, from, to, changes) => {
  const after = parse(exampleText.replace(from, to), "model.yaml").config!;
  expect(describeChange(before, after, "SELECT 1", "SELECT 1")).toEqual(changes);
});

test("a changed query comes as counts of lines, among the features", () => {
  const after = { ...before, seed: 1, drift: { ...before.drift, share: 0.5 } };
  expect(describeChange(before, after, "SELECT\n  a,\n  b\nFROM t\n", "SELECT\n  a,\n  c,\n  d\nFROM t\n")).toEqual([
    { key: "seed", before: 42, after: 1 },
    { key: "features.query", before: "features.sql, 4 lines", after: "features.sql, 5 lines (+2 −1)" },
    { key: "drift.share", before: 0.3, after: 0.5 },
  ]);
});

test("a query that only moved says where", () => {
  const after = { ...before, features: { ...before.features, query: "sql/features.sql" } };
  expect(describeChange(before, after, "SELECT 1", "SELECT 1")).toEqual([
    { key: "features.query", before: "features.sql", after: "sql/features.sql" },
  ]);
});

test.each([
  ["", "", 0, 0],
  ["a\nb\nc", "a\nc", 1, 0],
  ["a\nb", "b\na", 1, 1],
  ["a\r\nb\r\n", "a\nb\n", 0, 0],
  ["x", "y\nz", 1, 2],
])("%j and %j differ by lines", (a, b, removed, added) => {
  expect(changedLines(a, b)).toMatchObject({ removed, added });
});

test("texts far apart are counted without comparing each line with each", () => {
  const lines = (prefix: string) => Array.from({ length: 60_000 }, (_, index) => prefix + index).join("\n");
  expect(changedLines(lines("a"), lines("b"))).toEqual({
    removed: 60_000,
    added: 60_000,
    linesBefore: 60_000,
    linesAfter: 60_000,
  });
});

test("what went and came adds up to the difference in length", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 12 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const { removed, added, linesBefore, linesAfter } = changedLines(a, b);
      expect(linesBefore - removed).toBe(linesAfter - added);
      expect(changedLines(b, a)).toEqual({
        removed: added,
        added: removed,
        linesBefore: linesAfter,
        linesAfter: linesBefore,
      });
    }),
  );
});
