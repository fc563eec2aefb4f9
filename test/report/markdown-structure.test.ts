import fc from "fast-check";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { expect, test } from "vitest";
import { escapeMarkdown } from "../../pipelines/errors/inert-markdown.ts";
import { renderIndex } from "../../pipelines/registry/index-page.ts";
import { type CardSource, modelCard } from "../../pipelines/registry/model-card.ts";
import { candidate, check, evaluation, metric, modelConfig, scored, version } from "./builders.ts";
import { hostileText } from "./hostile-text.ts";

const html = (markdown: string) =>
  micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });

/** The elements that a page is made of; a span around a dollar sign is our own, for the sake of mathematics. */
function elementsOf(markdown: string): string[] {
  return html(markdown.replaceAll("<span>$</span>", "$")).match(/<[^>]*>/g) ?? [];
}

/** Texts that show something, so that a paragraph of them is one. */
const shown = hostileText.filter((text) => escapeMarkdown(text).trim() !== "");

const places: readonly [string, (text: string) => string][] = [
  ["a paragraph", (text) => `before\n\n${text}\n\nafter`],
  ["a line after another", (text) => `before\n${text}\nafter`],
  ["a list item", (text) => `- before\n- ${text}\n- after`],
  ["a nested list item", (text) => `- before\n  - ${text}\n- after`],
  ["a table cell", (text) => `| a | b |\n| --- | --- |\n| ${text} | 1 |`],
  ["a heading", (text) => `## ${text}\n\nafter`],
  ["bold text", (text) => `**about ${text}.** after`],
  ["a link's text", (text) => `[${text}](https://example.org)`],
];

test.each(places)("hostile text in %s is text to a reader of GitHub's Markdown", (_title, place) => {
  const expected = elementsOf(place("x"));
  fc.assert(
    fc.property(shown, (text) => {
      expect(elementsOf(place(escapeMarkdown(text)))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

/** A card in which everything that somebody else wrote is this text. */
function cardOf(text: string): CardSource {
  const config = modelConfig("hostile", { description: text, owner: text, params: { [text]: text } });
  const scores = evaluation({ baseline: scored(1), metrics: [metric("rmse", { problem: text, candidate: null })] });
  return {
    ...{ model: "hostile", version: 2, pull_request: 1, registered: "2026-01-01T00:00:00Z", registered_by: text },
    candidate: candidate(config, {
      features: [{ name: text, kind: "number" }],
      checks: [check(text, { passed: false, severity: "warn", found: text })],
      notes: [text],
      importance: [{ feature: text, share: 1 }],
      environment: { [text]: text },
    }),
    evaluation: scores,
    verdict: {
      ...version(1, candidate(config), scores).verdict,
      summary: text,
      notes: [text],
      checks: [{ id: text, limit: text, found: text, outcome: "pass", reason: text }],
    },
  };
}

const swallowing = [
  "~~~ ",
  "~~~\nx",
  "```",
  "    code",
  "# a",
  "> a",
  "- a",
  "1. a",
  "---",
  "| a |",
  "<div>",
  "![a](b)",
  "@a",
];

test.each(swallowing)("a description that begins with %j leaves the card whole", (text) => {
  expect(elementsOf(modelCard(cardOf(text)))).toEqual(elementsOf(modelCard(cardOf("x"))));
});

test("a card and an index of hostile texts are as those of any other", () => {
  const expected = elementsOf(modelCard(cardOf("x")));
  const pointer = { version: 1, model: "m", record: "r", since: "2026-01-01", by: "x", pull_request: null };
  const index = (text: string) =>
    renderIndex([
      {
        model: "a",
        versions: 1,
        production: { pointer: { ...pointer, by: text }, metric: { name: text, value: 1 } },
        challenger: null,
      },
    ]);
  fc.assert(
    fc.property(shown, (text) => {
      expect(elementsOf(modelCard(cardOf(text)))).toEqual(expected);
      expect(elementsOf(index(text))).toEqual(elementsOf(index("x")));
    }),
    { numRuns: 100 },
  );
});
