import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { editWindow } from "../../../pipelines/watch/retrain/retrain-window.ts";

const old = { start: "2001-01-01", end: "2001-04-01" };
const moved = { start: "2001-02-01", end: "2001-05-01" };

test("the example's model.yaml: two dates change, nothing else", () => {
  const text = readFileSync("models/flight-delay/model.yaml", "utf8");
  const edited = editWindow(text, "model.yaml", moved);
  expect(edited).toBe(text.replace("{ start: 2001-01-01, end: 2001-04-01 }", "{ start: 2001-02-01, end: 2001-05-01 }"));
  expect(editWindow(text, "model.yaml", old)).toBe(text);
});

test.each<[string, string, string]>([
  [
    "a block",
    "  window:\n    start: 2001-01-01\n    end: 2001-04-01",
    "  window:\n    start: 2001-02-01\n    end: 2001-05-01",
  ],
  [
    "quotes of both kinds",
    `  window: {start: '2001-01-01', end: "2001-04-01"}`,
    `  window: {start: '2001-02-01', end: "2001-05-01"}`,
  ],
  [
    "JSON",
    '  "window": {"end":"2001-04-01","start":"2001-01-01"}',
    '  "window": {"end":"2001-05-01","start":"2001-02-01"}',
  ],
  [
    "comments that hold the dates",
    "  window: # 2001-01-01\n    start: 2001-01-01 # not 2001-01-01\n    # end: 2001-04-01\n    end: 2001-04-01#",
    "  window: # 2001-01-01\n    start: 2001-02-01 # not 2001-01-01\n    # end: 2001-04-01\n    end: 2001-05-01",
  ],
  [
    "an escape",
    '  window: { start: "2001\\x2d01-01", end: 2001-04-01 }',
    '  window: { start: "2001-02-01", end: 2001-05-01 }',
  ],
  [
    "block scalars",
    "  window:\n    start: >- # was 2001-01-01\n      2001-01-01\n    end: |-\n      2001-04-01",
    "  window:\n    start: >- # was 2001-01-01\n      2001-02-01\n    end: |-\n      2001-05-01",
  ],
  [
    "explicit keys",
    "  ? window\n  : ? start\n    : 2001-01-01\n    ? end\n    : 2001-04-01",
    "  ? window\n  : ? start\n    : 2001-02-01\n    ? end\n    : 2001-05-01",
  ],
])("%s", (_, before, after) => {
  const file = (window: string) => `name: rent\nfeatures:\n${window}\n  query: f.sql\n`;
  expect(editWindow(file(before.replace(/#$/, "")), "model.yaml", moved)).toBe(file(after));
});

test("a timestamp in a flow map stays a plain text", () => {
  const edited = editWindow("features: {window: {start: 2001-01-01,end: 2001-04-01}}", "model.yaml", {
    start: "2001-01-01",
    end: "2001-05-01T06:30:00Z",
  });
  expect(edited).toBe("features: {window: {start: 2001-01-01,end: 2001-05-01T06:30:00Z}}");
});

test.each<[string, string, RegExp]>([
  [
    "no window",
    "features:\n  query: f.sql\n",
    /^features\.window is missing in models\/rent\/model\.yaml: there is nothing to move forward$/,
  ],
  ["no features", "name: rent\n", /^features\.window is missing in/],
  ["features that are a text", "features: all\n", /^features\.window is missing in/],
  [
    "no end",
    "features: { window: { start: 2001-01-01 } }\n",
    /^features\.window of models\/rent\/model\.yaml has no end that is a date/,
  ],
  ["a number", "features: { window: { start: 2001, end: 2002 } }\n", /has no start that is a date/],
  ["an empty window", "features:\n  window:\n", /has no start that is a date/],
  ["broken YAML", "features: { window: {\n", /^not valid YAML/],
  [
    "an alias",
    "a: &d 2001-01-01\nfeatures: { window: { start: *d, end: 2001-04-01 } }\n",
    /^anchors \(&d\) are not supported/,
  ],
  ["two documents", "features: {}\n---\nfeatures: {}\n", /more than one YAML document/],
  ["the key twice", "features: { window: { start: a, end: b, end: c } }\n", /the key "end" is there twice/],
  ["nothing", "", /the file is empty/],
  [
    "a value folded over two lines",
    "features:\n  window:\n    start: >-\n      2001-01-01\n      06:00\n    end: 2001-04-01\n",
    /is written in a way that cannot be edited automatically/,
  ],
])("refuses %s", (_, text, message) => {
  expect(() => editWindow(text, "models/rent/model.yaml", moved)).toThrow(message);
});

const spaces = fc.stringMatching(/^ {0,3}$/);
const someSpace = fc.stringMatching(/^ {1,3}$/);
const comment = fc.constantFrom("", " # 2001-01-01 stays", " # {end: 2001-04-01}", "   ");
const quoted = (text: string) => fc.constantFrom(text, `'${text}'`, `"${text}"`);
const order = fc.boolean();

const flowWindow = fc
  .record({
    start: quoted(old.start),
    end: quoted(old.end),
    order,
    open: spaces,
    gap: someSpace,
    close: spaces,
    broken: order,
  })
  .map(({ start, end, order, open, gap, close, broken }) => {
    const members = [`start:${gap}${start}`, `"end":${gap}${end}`];
    const between = broken ? ", # 2001-04-01\n      " : `,${gap}`;
    return ` {${open}${(order ? members : members.toReversed()).join(between)}${close}}`;
  });
const blockWindow = fc
  .record({
    start: quoted(old.start),
    end: quoted(old.end),
    order,
    gap: someSpace,
    first: comment,
    second: comment,
    indent: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ start, end, order, gap, first, second, indent }) => {
    const members = [`start:${gap}${start}${first}`, `end${gap}:${gap}${end}${second}`];
    const lines = (order ? members : members.toReversed()).map((line) => `\n${" ".repeat(2 + indent)}${line}`);
    return `${first}${lines.join("\n# between 2001-01-01 and 2001-04-01")}`;
  });
const others = fc.constantFrom(
  "  query: f.sql # end: 2001-04-01",
  "  note: '2001-01-01'",
  "",
  "  split: { by: time, test: 0.2 }",
);
const files = fc
  .record({
    window: fc.oneof(flowWindow, blockWindow),
    before: others,
    after: others,
    tail: comment,
    newline: fc.constantFrom("\n", "\r\n"),
    mark: fc.constantFrom("", "\ufeff"),
    end: fc.constantFrom("", "\n", "\n\n...\n"),
  })
  .filter(({ before, after }) => before !== after || before === "")
  .map(({ window, before, after, tail, newline, mark, end }) => {
    const lines = ["---", "name: rent # start: 2001-01-01", "features:", before, `  window:${window}${tail}`, after];
    const text = `${lines.filter((line) => line !== "").join("\n")}\ndrift: { window: 7d }${end}`;
    return mark + text.replaceAll("\n", newline);
  });

test("whatever the layout, the value changes in features.window only, and the text in its two scalars only", () => {
  fc.assert(
    fc.property(files, fc.constantFrom(moved, { ...moved, start: old.start }), (text, window) => {
      const edited = editWindow(text, "model.yaml", window);
      const [was, is] = [parse(text), parse(edited)];
      expect(was.features.window).toEqual(old);
      expect(is).toEqual({ ...was, features: { ...was.features, window } });
      expect(changedCharacters(text, edited)).toBeLessThanOrEqual(2);
      expect(editWindow(edited, "model.yaml", old)).toBe(text);
    }),
    { numRuns: 200 },
  );
});

/** Texts of the same length; a date moves by one digit in each of its two places. */
function changedCharacters(before: string, after: string): number {
  expect(after.length).toBe(before.length);
  return [...before].filter((character, at) => character !== after[at]).length;
}
