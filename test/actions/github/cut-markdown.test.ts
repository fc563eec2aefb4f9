import fc from "fast-check";
import { expect, it } from "vitest";
import { cutMarkdown } from "../../../actions/shared/github/comment.ts";

const note = "*Cut here.*";
const filler = (count: number) => "word ".repeat(count).trim();

it.each([
  ["a heading", `# A\n\n${filler(20)}\n\n## B\n\n${filler(100)}`, `# A\n\n${filler(20)}\n\n${note}`],
  [
    "a paragraph",
    `${filler(20)}\n\n${filler(20)}\nmore\n\n${filler(100)}`,
    `${filler(20)}\n\n${filler(20)}\nmore\n\n${note}`,
  ],
  ["a line", `${filler(20)}\n${filler(20)}\n${filler(100)}`, `${filler(20)}\n${filler(20)}\n\n${note}`],
  [
    "a fold, which is closed",
    `<details>\n\n${filler(20)}\n\n${filler(100)}`,
    `<details>\n\n${filler(20)}\n\n</details>\n\n${note}`,
  ],
  ["code, which is closed", `\`\`\`sql\n${filler(20)}\n${filler(100)}`, `\`\`\`sql\n${filler(20)}\n\`\`\`\n\n${note}`],
])("cuts before %s", (_title, text, cut) => {
  expect(cutMarkdown(text, 500, note)).toBe(cut);
});

it("leaves alone what fits", () => {
  expect(cutMarkdown("# A", 3, note)).toBe("# A");
});

it("keeps to its limit with whole characters, and says that it cut", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\n", "\n\n", "\n# A\n", "<details>", "```\n", "🙂"),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 100, maxLength: 300 }),
      fc.integer({ min: 300, max: 1_000 }),
      (parts, limit) => {
        const text = parts.join("");
        const cut = cutMarkdown(text, limit, note);
        expect(cut.length).toBeLessThanOrEqual(limit);
        if (text.length > limit) expect(cut.endsWith(note)).toBe(true);
        if (text.length > limit) expect(cut.isWellFormed()).toBe(true);
      },
    ),
  );
});
