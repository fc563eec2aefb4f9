import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffLines, unifiedDiff } from "../../../pipelines/report/markdown/line-diff.ts";

const lines = fc
  .array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 })
  .map((all) => `${all.join("\n")}\n`);

describe("differences of queries", () => {
  test("equal texts have none, whatever their line ends", () => {
    expect(unifiedDiff("a\nb\n", "a\r\nb")).toBe("");
  });

  test("a changed line is shown with its surroundings and its place", () => {
    const before = "select\n  carat,\n  cut,\n  color,\n  price\nfrom diamonds\nwhere price > 0\norder by 1\n";
    const after = before.replace("  cut,\n", "  cut,\n  clarity,\n").replace("order by 1", "order by 2");
    expect(unifiedDiff(before, after, 1)).toBe(
      [
        "@@ -3,2 +3,3 @@",
        "   cut,",
        "+  clarity,",
        "   color,",
        "@@ -7,2 +8,2 @@",
        " where price > 0",
        "-order by 1",
        "+order by 2",
      ].join("\n"),
    );
  });

  test("texts too long to compare line by line are replaced as a whole", () => {
    const text = (name: string) => Array.from({ length: 2500 }, (_, at) => `${name}${at}`).join("\n");
    const diff = diffLines(`same\n${text("a")}\nend`, `same\n${text("b")}\nend`);
    expect(diff.map((each) => each.kind).filter((kind, at, all) => kind !== all[at - 1])).toEqual([
      "same",
      "removed",
      "added",
      "same",
    ]);
  });

  test("both texts can be read back from the difference, and equal texts have nothing to change", () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after);
        const without = (kind: string) =>
          `${diff
            .filter((each) => each.kind !== kind)
            .map((each) => each.text)
            .join("\n")}\n`;
        expect([without("added"), without("removed")]).toEqual([before, after]);
        expect(unifiedDiff(before, before)).toBe("");
      }),
    );
  });
});
