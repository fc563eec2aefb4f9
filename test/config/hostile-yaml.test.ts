import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../pipelines/config/canonical-json.ts";
import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText } from "./example-model.ts";

const parse = modelParser(exampleParts);

/** Whatever the text: either a complete config, or problems that each have a place inside the file. */
function answers(text: string): "config" | "problems" {
  const { config, problems, locate } = parse(text, "models/x/model.yaml");
  if (config) {
    expect(problems).toEqual([]);
    expect(JSON.parse(canonicalJson(config))).toEqual(config);
    return "config";
  }
  expect(problems.length).toBeGreaterThan(0);
  const lines = text.split("\n").length;
  for (const { message, where } of problems) {
    expect(message).not.toMatch(/^$|undefined|\[object/);
    expect(where!.line).toBeLessThanOrEqual(lines);
    expect(where!.column).toBeGreaterThan(0);
    expect(where!.length).toBeGreaterThan(0);
  }
  expect(locate(["features", "checks", 3]).line).toBeLessThanOrEqual(lines);
  return "problems";
}

const values = [
  "null",
  "[]",
  "{}",
  "-1",
  "1e308",
  "''",
  "a",
  "true",
  "[[]]",
  "{ a: { b: 1 } }",
  "{ a: 1, a: 2 }",
  "[{ a: 1, a: 2 }, b]",
  "[1, a, null]",
  "12345678901234567890",
];
const positions = [...exampleText.matchAll(/: ([^#\n,{}[\]]+)/g)].map(
  (match) => [match.index + 2, match[1]!.trimEnd().length] as const,
);

test.each(values)("any value replaced by %s is read or explained", (value) => {
  for (const [start, length] of positions) {
    answers(exampleText.slice(0, start) + value + exampleText.slice(start + length));
  }
});

test("random text is explained", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => void answers(text)),
    { numRuns: 2000 },
  );
});

const size = 256 * 1024 - 100;
const fill = (piece: string) => piece.repeat(Math.floor(size / piece.length));
const staircase = (step: string, levels: number) =>
  Array.from({ length: levels }, (_, level) => " ".repeat(level) + step).join("\n");

test.each([
  ["brackets", fill("["), "nested too deeply; at most 64 levels are allowed"],
  [
    "closed brackets",
    fill("[").slice(size / 2) + fill("]").slice(size / 2),
    "nested too deeply; at most 64 levels are allowed",
  ],
  ["blocks in brackets", fill("[{a: "), "nested too deeply; at most 64 levels are allowed"],
  ["lists on one line", `${fill("- ")}\na: b`, "nested too deeply; at most 64 levels are allowed"],
  ["pairs in braces", `x: { a, ${fill("a: ")}}`, "nested too deeply; at most 64 levels are allowed"],
  ["keys on one line", fill("? "), "nested too deeply; at most 64 levels are allowed"],
  ["keys and lists on one line", fill("? - "), "nested too deeply; at most 64 levels are allowed"],
  ["a staircase of keys", staircase("a:", 700), "nested too deeply"],
  ["a staircase of lists", staircase("-", 700), "nested too deeply"],
  ["thirty thousand keys", Array.from({ length: 30_000 }, (_, index) => `k${index}:`).join("\n"), "name is missing"],
  ["one key a lot of times", fill("a: 1\n"), 'the key "a" is there twice'],
  ["anchors", `a: ${fill("&a ")}`, "not valid YAML: A node can have at most one anchor"],
  ["braces", fill("{}"), "not valid YAML: Unexpected flow-map-start"],
  ["colons", `a${fill(":")}`, "not valid YAML: The : indicator must be at most 1024 chars"],
  ["a long text", `name: ${fill("(a ")}`, "name must be lower-case letters"],
  [
    "too many bytes",
    `# ${"é".repeat(size / 2)}${" ".repeat(200)}`,
    "the file has 262,246 bytes; at most 262,144 are allowed",
  ],
])("a quarter of a megabyte of %s is explained", (_title, text, message) => {
  const { problems } = parse(text, "models/x/model.yaml");
  expect(problems.map((problem) => problem.message).join("\n")).toContain(message);
});

test("an alias bomb is refused before anything grows", () => {
  const levels = Array.from(
    { length: 40 },
    (_, level) => `b${level + 1}: &b${level + 1} [*b${level}, *b${level}, *b${level}]`,
  );
  const { problems } = parse(["b0: &b0 [x]", ...levels].join("\n"), "model.yaml");
  expect(problems.map(({ message }) => message)).toContain("anchors (&b0) are not supported");
});

test("an alias of its own block is refused", () => {
  const { problems } = parse("features: &f\n  target: *f\n", "model.yaml");
  expect(problems.map(({ message }) => message)).toContain("anchors (&f) are not supported");
});

test("keys of every object do not reach its prototype", () => {
  parse(`${exampleText}__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }\n`, "model.yaml");
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
