import { describe, expect, it } from "vitest";
import type { DriftResult } from "../../../pipelines/watch/drift/drift-result.ts";
import { parsePersistence, persistentOutcome } from "../../../pipelines/watch/drift/persistence.ts";

const outcomes = { d: "drift", c: "clean", "-": "too few rows" } as const;

/** `dc-`: the newest window drifts, the one before is clean, the oldest had too few rows. */
const history = (text: string): DriftResult["outcome"][] =>
  [...text].map((letter) => outcomes[letter as keyof typeof outcomes]);

describe("k of n windows", () => {
  it.each([
    ["", "2 of 3", "undecided"],
    ["d", "2 of 3", "undecided"],
    ["d", "1 of 1", "drift"],
    ["dd", "2 of 3", "drift"],
    ["dcd", "2 of 3", "drift"],
    ["cdd", "2 of 3", "undecided"],
    ["ddd", "3 of 3", "drift"],
    ["ddc", "3 of 3", "undecided"],
    ["dccd", "2 of 3", "undecided"],
    ["cc", "2 of 3", "undecided"],
    ["ccc", "2 of 3", "clean"],
    ["cccd", "2 of 3", "clean"],
    ["c", "1 of 1", "clean"],
    ["-d-d", "2 of 3", "drift"],
    ["c-c-c", "2 of 3", "clean"],
    ["---", "1 of 1", "undecided"],
    ["ddd", "5 of 3", "drift"],
  ])("%j with %s is %s", (text, persist, expected) => {
    expect(persistentOutcome(history(text), parsePersistence(persist))).toBe(expected);
  });

  it("refuses a text that is no such rule", () => {
    expect(() => parsePersistence("twice")).toThrow('"twice" is not like "2 of 3"');
  });
});
