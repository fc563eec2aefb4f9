import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeMarkdown, oneLine } from "../../pipelines/errors/inert-markdown.ts";
import { hostileText } from "../report/hostile-text.ts";
import { shownText } from "../report/markdown-reader.ts";

describe("what was written in a pull request is shown inert", () => {
  test.each([
    ["a plain name stays plain", "day_of_week", "day_of_week"],
    ["a mention", "@octocat", "@&zwnj;octocat"],
    ["a team", "by @octo-org/ops", "by @&zwnj;octo-org/ops"],
    ["an e-mail address", "a@b.co", "a@&zwnj;b.co"],
    ["an issue", "see #12", "see \\#&zwnj;12"],
    ["an issue of another repository", "octo/repo#12", "octo/repo\\#&zwnj;12"],
    ["an old issue number", "GH-12", "GH&zwnj;-12"],
    ["a web address", "https://evil.example", "https:&zwnj;//evil.example"],
    ["a web address without a scheme", "www.evil.example", "www&zwnj;.evil.example"],
    ["an image", "![x](y)", "!\\[x\\](y)"],
    ["a link", "[x](javascript:y)", "\\[x\\](javascript:y)"],
    ["an element", "<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"],
    ["an entity", "&lt;", "&amp;lt;"],
    ["a comment", "<!-- x -->", "&lt;!-- x --&gt;"],
    ["a table cell", "a|b", "a&vert;b"],
    ["an escaped table cell", "a\\|b", "a\\\\&vert;b"],
    ["code", "a`b``c", "a\\`b\\`\\`c"],
    ["emphasis", "*a* _b_ __c__", "\\*a\\* \\_b\\_ \\_\\_c\\_\\_"],
    ["mathematics", "$x$", "<span>$</span>x<span>$</span>"],
    ["an emoji's name", ":tada:", ":&zwnj;tada:"],
    ["a time is no emoji", "10:00:00", "10:00:00"],
    ["a list item", "- x", "\\- x"],
    ["a numbered item", "1. x", "1\\. x"],
    ["a heading", "# x", "\\# x"],
    ["lines become one", "a\n\n# b\r\nc", "a \\# b c"],
    ["text that reverses what follows", "a\u202eb", "a\ufffdb"],
    ["a terminal's escape", "a\u001b[31mb", "a␛\\[31mb"],
    ["half a character", "a\ud800b", "a\ufffdb"],
  ])("%s", (_title, text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });

  test("a long text is cut before it is escaped, between characters", () => {
    expect(escapeMarkdown("|".repeat(10), 4)).toBe("&vert;&vert;&vert;…");
    expect(escapeMarkdown("😀".repeat(10), 4)).toBe("😀😀😀…");
    expect(escapeMarkdown("x".repeat(100_000))).toHaveLength(120);
  });

  test("any text shows as it was written, and does nothing", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/@\w|#\d|!\[|<(?!\/?span>)|[|\n]|(?<!\\)`|:\/\/|www\./i);
        expect(shownText(escaped)).toBe(oneLine(text, 120));
      }),
      { numRuns: 2000 },
    );
  });
});
