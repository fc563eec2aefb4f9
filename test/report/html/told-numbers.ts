import { parseHTML } from "linkedom";
import { visibleText } from "../../../pipelines/errors/visible-text.ts";
import type { Axis } from "../../../pipelines/evaluation/pictures/pictures.ts";
import { valueText } from "../../../pipelines/report/config-changes.ts";
import { Facts } from "../../../pipelines/report/page/facts.ts";
import { shortLabel } from "../../../pipelines/report/page/plots.ts";

/** What of an element is read here. */
interface Element {
  tagName: string;
  textContent: string;
  parentElement: Element | null;
  getAttribute(name: string): string | null;
  closest(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

export interface ToldNumbers {
  /** Numbers and texts that the page says are of the record. */
  numbers: number;
  texts: number;
  /** Those that are not. */
  wrong: string[];
  /** Pieces of text with a digit that come from no path. */
  others: string[];
}

/** Compares everything that a page tells with the record that `--json` gives. */
export function compareWithRecord(page: string, record: unknown): ToldNumbers {
  const { document } = parseHTML(page) as unknown as { document: Element };
  const facts = new Facts(JSON.parse(JSON.stringify(record)));
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const [numbers, texts, configs] = [all("[data-path]"), all("[data-text]"), all("[data-config]")];
  const wrong = [
    ...all("[data-axis]").flatMap((element) => wrongEdge(element, facts)),
    ...numbers.flatMap((element) => wrongNumber(element, facts)),
    ...texts.flatMap((element) => wrongText(element, facts)),
    ...configs.flatMap((element) => {
      const shown = shortLabel(valueText(facts.value(pathOf(element, "data-config"))), 120);
      return element.textContent === shown ? [] : [`${pathOf(element, "data-config")}: ${element.textContent}`];
    }),
  ];
  const told = "[data-path], [data-axis], [data-text], [data-config], svg, style, title, script, .quoted, pre";
  const leaves = all("body *").filter((element) => [...element.querySelectorAll("*")].length === 0);
  const others = leaves.filter((leaf) => /\d/.test(leaf.textContent) && leaf.closest(told) === null);
  return { numbers: numbers.length, texts: texts.length, wrong, others: others.map(({ textContent }) => textContent) };
}

function wrongNumber(element: Element, facts: Facts): string[] {
  const path = pathOf(element, "data-path");
  const minus = element.getAttribute("data-minus");
  const found = facts.value(path);
  const expected = minus === null ? found : Number(found) - Number(facts.value(`${rootOf(element)}${minus}`));
  const value = element.getAttribute("value");
  const shown = shownNumber(element.textContent);
  if (typeof expected !== "number") return [`${path} is no number of the record`];
  if (value !== null && Number(value) !== expected) return [`${path} is ${expected}, and the page has ${value}`];
  const near =
    Math.abs(shown - expected) <= Math.abs(expected) * (value === null ? 0 : 6e-3) ||
    Math.abs(shown - expected) < 1e-12;
  return near ? [] : [`${path} is ${expected}, and the page says ${element.textContent}`];
}

/** A table of cells has the axes of what it is in. */
function wrongEdge(element: Element, facts: Facts): string[] {
  const path = `${rootOf(element.closest("table")!.parentElement!)}${element.getAttribute("data-axis")}`;
  const { from, to, bins } = facts.value(path) as Axis;
  const expected = from + (Number(element.getAttribute("data-at")) * (to - from)) / bins;
  const isNear =
    Math.abs(shownNumber(element.textContent) - expected) <= Math.abs(expected) * 6e-3 + (to - from) * 1e-9;
  return isNear ? [] : [`${path} has ${expected}, and the page says ${element.textContent}`];
}

/** `−1,234.5`, `+12%`, `1.2e−7` */
function shownNumber(text: string): number {
  const plain = text.replaceAll(",", "").replaceAll("−", "-").replace("+", "");
  return plain.endsWith("%") ? Number(plain.slice(0, -1)) / 100 : Number(plain);
}

function wrongText(element: Element, facts: Facts): string[] {
  const path = pathOf(element, "data-text");
  const expected = visibleText(String(facts.value(path)));
  const shown = element.textContent;
  const isCut = shown.endsWith("…") || element.tagName === "TIME";
  const same = isCut ? expected.startsWith(shown.replace(/…$/, "")) : expected === shown;
  return same ? [] : [`${path} is ${JSON.stringify(expected)}, and the page says ${JSON.stringify(shown)}`];
}

function pathOf(element: Element, name: string): string {
  return `${rootOf(element)}${element.getAttribute(name)}`;
}

/** The roots of all that it is in, the outermost first. */
function rootOf(element: Element): string {
  const roots: string[] = [];
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    const root = at.getAttribute("data-root");
    if (root) roots.unshift(root);
  }
  return roots.map((root) => `${root}.`).join("");
}
