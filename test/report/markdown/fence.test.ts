import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fence } from "../../../pipelines/report/markdown/fence.ts";
import { hostileText } from "../hostile-text.ts";
import { splitFences } from "../markdown-reader.ts";

describe("fenced blocks", () => {
  test("text is shown as it is", () => {
    expect(fence("select 1\n", "sql")).toBe("```sql\nselect 1\n```");
  });

  test("a fence in the text makes the outer one longer", () => {
    expect(fence("```\nx\n````", "diff")).toBe("`````diff\n```\nx\n````\n`````");
  });

  test("many lines are cut with a count", () => {
    expect(fence("a\nb\nc\nd", "", 2)).toBe("```\na\nb\n… 2 more lines\n```");
  });

  test("a long line is cut", () => {
    expect(fence("x".repeat(10_000)).length).toBeLessThan(520);
  });

  test("no text gets out of its fence", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { text: outside, fences } = splitFences(`before\n\n${fence(text)}\n\nafter`);
        expect(outside).toBe("before\n\n\nafter");
        expect(fences).toHaveLength(1);
      }),
      { numRuns: 1000 },
    );
  });
});
