import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderReport } from "../../pipelines/report/render-report.ts";
import { hostileEntries } from "./hostile-entries.ts";
import { hostileText } from "./hostile-text.ts";
import { readChart } from "./markdown/xychart-grammar.ts";
import { readDetails, readTables, splitFences } from "./markdown-reader.ts";

/** Checks what may stand in a report, whoever wrote what is in it. */
function expectInert(report: string): void {
  const { text, fences } = splitFences(report);
  readTables(text);
  readDetails(text);
  for (const { language, body } of fences) if (language === "mermaid") readChart(body);
  expect(text).not.toMatch(/@[\w-]|!\[|(?<![&\w])#\d|<!--|:\/\/(?!example\.org)|www\./i);
  const elements = text.match(/<[^<>]*>/g) ?? [];
  const allowed = /^<\/?(?:details|summary|sub|span)>$|^<a name="mergeml-[a-z0-9-]*">$|^<\/a>$/;
  expect(elements.filter((element) => !allowed.test(element))).toEqual([]);
  expect(text.replace(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
}

describe("reports on hostile pull requests", () => {
  test("nothing that was written becomes a mention, markup, a broken table or an open block", () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 7, maxLength: 14 }), (texts) => {
        expectInert(renderReport(hostileEntries(texts), { title: texts[0]!, updated: texts[1]!, commit: texts[2]! }));
      }),
      { numRuns: 150 },
    );
  });

  test("nor when it has to be cut", () => {
    fc.assert(
      fc.property(
        fc.array(hostileText, { minLength: 7, maxLength: 9 }),
        fc.integer({ min: 600, max: 30_000 }),
        (texts, limit) => {
          const report = renderReport(hostileEntries(texts), { limit });
          expect(report.length).toBeLessThanOrEqual(limit);
          expectInert(report);
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    ["a mention", "@octo-org/everyone"],
    ["an image that reports who reads it", "![](https://evil.example/pixel.png)"],
    ["an element", '<img src="https://evil.example/pixel.png" onerror="x">'],
    ["the end of a folded part", "</details></details>"],
    ["the end of a fence", "```\n@octocat\n```"],
    ["table cells", "a | b | c |\n| - | - |"],
    ["a directive for Mermaid", '"] %%{init: {"securityLevel": "loose"}}%%'],
    ["backticks, pipes and line ends", "`a`|``b``\r\n|c|"],
  ])("%s in every place", (_title, text) => {
    expectInert(renderReport(hostileEntries([text, `${text} twice`, text.repeat(50)])));
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "not an address", "https://example.org/a b)(c|`d`<e>"])(
    "a link to %s is none, or safe",
    (link) => {
      expectInert(renderReport([], { link }));
    },
  );
});
