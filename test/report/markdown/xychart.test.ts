import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { xyChart } from "../../../pipelines/report/markdown/xychart.ts";
import { hostileText } from "../hostile-text.ts";
import { splitFences } from "../markdown-reader.ts";
import { readChart } from "./xychart-grammar.ts";

const values = fc.array(
  fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ noNaN: true, noDefaultInfinity: true })),
  { minLength: 1, maxLength: 12 },
);

describe("Mermaid charts", () => {
  test("bars and a line over labels", () => {
    const chart = xyChart({
      title: "Predicted and actual",
      labels: ["1", "2"],
      valueAxis: "price",
      series: [
        { kind: "bar", name: "predicted", values: [512.25, 10_000] },
        { kind: "line", name: "actual", values: [498, 9_900.5] },
      ],
    });
    expect(chart).toBe(
      [
        "```mermaid",
        "xychart-beta",
        '  title "Predicted and actual"',
        '  x-axis ["1", "2"]',
        '  y-axis "price" 0 --> 11000',
        '  bar "predicted" [512, 10000]',
        '  line "actual" [498, 9901]',
        "```",
      ].join("\n"),
    );
  });

  test.each([
    ["nothing", []],
    ["what is not a number", [1, Number.NaN]],
    ["infinity", [Number.POSITIVE_INFINITY, 1]],
  ])("%s is not drawn", (_title, numbers) => {
    const labels = numbers.map(String);
    expect(
      xyChart({ title: "t", labels, valueAxis: "v", series: [{ kind: "bar", name: "n", values: numbers }] }),
    ).toBeNull();
  });

  test.each([
    ["equal labels get a number", ["x", "x", "x"], ["x", "x (2)", "x (3)"]],
    ["labels without a letter are not empty", ["", '"', "`"], ["?", "? (2)", "? (3)"]],
    ["quotes, markup and directives are left out", ['a"b', "%%{init}%%", "<b>"], ["a b", "% init %", "b"]],
    ["long labels are cut", ["x".repeat(100)], [`${"x".repeat(23)}…`]],
  ])("%s", (_title, labels, expected) => {
    const chart = xyChart({
      title: "t",
      labels,
      valueAxis: "v",
      series: [{ kind: "bar", name: "n", values: labels.map(() => 1) }],
    });
    expect(readChart(splitFences(chart!).fences[0]!.body).labels).toEqual(expected);
  });

  test("any names and numbers give a chart of the grammar that shows the numbers", () => {
    fc.assert(
      fc.property(
        values,
        fc.array(hostileText, { minLength: 12, maxLength: 12 }),
        fc.constantFrom("bar", "line"),
        (numbers, texts, kind) => {
          const labels = texts.slice(0, numbers.length);
          const chart = xyChart({
            title: texts[0]!,
            labels,
            valueAxis: texts[1]!,
            series: [{ kind, name: texts[2]!, values: numbers }],
          });
          const zero = kind === "bar" ? [0] : [];
          const [low, high] = [Math.min(...numbers, ...zero), Math.max(...numbers, ...zero)];
          if (chart === null) {
            expect(high - low < 1e-11 || high - low > 1e14).toBe(true);
            return;
          }
          const drawn = readChart(splitFences(chart).fences[0]!.body).series[0]!.values;
          const errors = drawn.map((value, at) => Math.abs(value - numbers[at]!));
          expect(Math.max(...errors)).toBeLessThanOrEqual((high - low || Math.abs(high)) / 100 + 1e-12);
        },
      ),
      { numRuns: 500 },
    );
  });
});
