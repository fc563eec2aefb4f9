import fc from "fast-check";
import { expect, test } from "vitest";
import { readPlainYaml } from "../../pipelines/config/yaml/plain-yaml.ts";
import { openYaml } from "../../pipelines/config/yaml/yaml-file.ts";
import { exampleText, smallText } from "./example-model.ts";

// The quick reader may decline any text; when it reads one, the YAML library must read the same.
function agrees(text: string): boolean {
  const quick = readPlainYaml(text);
  if (quick === undefined) return false;
  const { value, findings } = openYaml(text, "model.yaml");
  expect({ text, value: quick, findings: [] }).toEqual({ text, value, findings });
  return true;
}

test.each([exampleText, smallText])("reads the configs that people write", (text) => {
  expect(agrees(text)).toBe(true);
});

const scalars = [
  "a",
  "a b",
  "1",
  "-1",
  "0",
  "0.5",
  "-0",
  "007",
  "1e5",
  ".5",
  "5.",
  "+1",
  "0x1f",
  "0o7",
  ".nan",
  "-.inf",
];
const words = ["null", "~", "True", "yes", "2001-01-01", "06:30", "10%", "a:b", "a: b", "a #b", "a#b", "it's", 'a "b"'];
const marks = [
  "-",
  "- a",
  "?",
  "? a",
  "*a",
  "&a b",
  "!!int 1",
  "|",
  ">",
  "@a",
  "`a",
  "%a",
  "---",
  "...",
  "\t",
  "\u00a0",
  "é",
  "…",
];
const quoted = ["'a'", "''", "'it''s'", '"a"', '"\\n"', '"a', "'a' b", '"a":b', "'a'#b", "'a' # b"];
const flows = [
  "[]",
  "{}",
  "[a, b]",
  "[a,b]",
  "[a,]",
  "[,]",
  "[[1], {a: 2}]",
  "{a: b}",
  "{a:b}",
  "{a: }",
  "{a}",
  "{a: 1, a: 2}",
];
const odd = [
  "[a: b]",
  "{'a': b}",
  "[a b, c d]",
  "[a #b]",
  "[a # b\n]",
  "{a: 'b', c: [1, 2]}",
  "[1",
  "]",
  "a]",
  "[a]b",
  "<<: {a: 1}",
];
const pieces = [...scalars, ...words, ...marks, ...quoted, ...flows, ...odd];

test.each(pieces)("reads %j as the library does, or not at all", (piece) => {
  for (const text of [
    piece,
    `a: ${piece}`,
    `a: ${piece} # c`,
    `- ${piece}`,
    `a:\n  - ${piece}\n`,
    `[${piece}]`,
    `{k: ${piece}}`,
  ]) {
    agrees(text);
  }
});

const key = fc.constantFrom("a", "b", "c_d", "e-f", "null", "true", "__proto__", "1", '"q"', "a b");
const line = fc
  .tuple(
    fc.nat(3),
    fc.constantFrom("", "- ", "- - ", "-"),
    fc.option(key),
    fc.constantFrom(": ", ":", " : ", ":  "),
    fc.option(fc.constantFrom(...pieces)),
  )
  .map(
    ([indent, dash, name, colon, value]) =>
      `${"  ".repeat(indent)}${dash}${name === null ? "" : name + colon}${value ?? ""}`,
  );

test("agrees with the library on made-up blocks", () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => void agrees(lines.join("\n"))),
    { numRuns: 6000 },
  );
});

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(3),
  put: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })),
});

test("agrees with the library on configs with random edits", () => {
  const lines = exampleText.split("\n");
  const property = fc.property(
    fc.nat(lines.length - 1),
    fc.integer({ min: 1, max: 5 }),
    fc.array(edit, { maxLength: 3 }),
    (from, count, edits) => {
      const start = lines.slice(from, from + count).join("\n");
      agrees(edits.reduce((text, { at, cut, put }) => splice(text, Math.floor(at * text.length), cut, put), start));
    },
  );
  fc.assert(property, { numRuns: 4000 });
});

function splice(text: string, at: number, cut: number, put: string): string {
  return text.slice(0, at) + put + text.slice(at + cut);
}
