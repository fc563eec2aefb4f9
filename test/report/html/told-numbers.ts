import { parseHTML } from "linkedom";
import { visibleText } from "../../../pipelines/errors/inert-markdown.ts";
import { type Axis, readSeries } from "../../../pipelines/evaluation/pictures/pictures.ts";
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
  /** Numbers in the words and labels of pictures. */
  pictured: number;
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
  const pictures = all(".plot").map((plot) => lookAt(plot, facts));
  const told = "[data-path], [data-axis], [data-text], [data-config], svg, style, title, script, .quoted, pre";
  const leaves = all("body *").filter((element) => [...element.querySelectorAll("*")].length === 0);
  const others = leaves.filter((leaf) => /\d/.test(leaf.textContent) && leaf.closest(told) === null);
  return {
    numbers: numbers.length,
    texts: texts.length,
    wrong: [...wrong, ...pictures.flatMap((each) => each.wrong)],
    others: [...others.map(({ textContent }) => textContent), ...pictures.flatMap((each) => each.others)],
    pictured: pictures.reduce((sum, each) => sum + each.numbers, 0),
  };
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

/** A number that is no part of a name, such as `v2` or `f1`. */
const numberPattern =
  /(?<![\p{L}\p{N}_.:@-])[−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[−+]?\d+)?%?(?![\p{L}\p{N}_])/gu;

/**
 * What a picture says in words and labels. Its words have the record's numbers in the order of `data-told`, labels at marks
 * repeat them where the axis has them, and the axes' own numbers are as far apart as they are.
 */
function lookAt(plot: Element, facts: Facts): { numbers: number; wrong: string[]; others: string[] } {
  const words = plot.getAttribute("aria-label") ?? "";
  const expected = (plot.getAttribute("data-told") ?? "").split(" ").filter((each) => each !== "");
  const counted = / (\d+) of (\d+) drift$/.exec(words);
  // A name may have numbers, too; it stands before those of the record.
  const all: string[] = words.replace(counted?.[0] ?? "", "").match(numberPattern) ?? [];
  const found = all.slice(all.length - expected.length);
  const wrong = expected.flatMap((told, at) => {
    const [value, shown] = [toldValue(rootOf(plot), told, facts), shownNumber(found[at] ?? "")];
    return Math.abs(shown - value) <= Math.abs(value) * 6e-3
      ? []
      : [`${told} is ${value}, and the picture says ${words}`];
  });
  if (counted) {
    const drawn = ["candidate", "production"].map(
      (of) => [...plot.querySelectorAll(`path[fill="var(--${of})"]`)].length,
    );
    if (`${drawn[0]} of ${drawn[0]! + drawn[1]!}` !== `${counted[1]} of ${counted[2]}`)
      wrong.push(`${words}: ${drawn}`);
  }
  const texts = [...plot.querySelectorAll("text")];
  const isTick = (text: Element) => text.parentElement!.getAttribute("font-variant") === "tabular-nums";
  const labels = texts.filter((text) => !isTick(text) && numberText(text) !== null);
  const scale = scaleOf(texts.filter((text) => isTick(text) && isBelow(text)));
  for (const label of labels) {
    if (!found.includes(label.textContent)) wrong.push(`a label says ${label.textContent}, and the words ${words}`);
    const place = scale(placeOf(label)[0]);
    const near = Math.abs(place - numberText(label)!);
    if (!(near <= Math.abs(numberText(label)!) * 1e-2)) wrong.push(`${label.textContent} stands at ${place}: ${words}`);
  }
  const rows = [...plot.querySelectorAll("g")].map((group) =>
    [...group.querySelectorAll("text")].filter((text) => isTick(text) && text.parentElement === group),
  );
  for (const ticks of rows) wrong.push(...crookedTicks(ticks).map((tick) => `${tick} is out of its place: ${words}`));
  const around = plot.parentElement!.textContent + words;
  const named = texts.filter((text) => !isTick(text) && !labels.includes(text) && /\d/.test(text.textContent));
  const isNamed = ({ textContent }: Element) => around.includes(textContent.replaceAll(/[↑→…\u200a]/g, "").trim());
  return {
    numbers: expected.length + labels.length,
    wrong,
    others: [
      ...all.slice(0, all.length - expected.length),
      ...named.filter((text) => !isNamed(text)).map((text) => text.textContent),
    ],
  };
}

/** `a/b`, `-a/b`, or the sum of all that is at a path. */
function toldValue(root: string, told: string, facts: Facts): number {
  const [over = "", under] = told
    .replace(/^-/, "")
    .split("/")
    .map((path) => sumOf(facts.value(`${root}${path}`)));
  return (told.startsWith("-") ? -1 : 1) * (under === undefined ? Number(over) : Number(over) / under);
}

function sumOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + sumOf(each), 0);
  return typeof value === "string" ? readSeries(value).reduce((sum, each) => sum + each, 0) : Number(value);
}

/** Of the axis across. */
function isBelow({ parentElement }: Element): boolean {
  return (parentElement!.getAttribute("transform") ?? "").startsWith("translate(0,");
}

function numberText({ textContent }: Element): number | null {
  const shown = shownNumber(textContent);
  return textContent.trim() === "" || Number.isNaN(shown) ? null : shown;
}

/** Where a text stands, without what moves all of its kind. */
function placeOf(text: Element): [x: number, y: number] {
  const [, x, y = "0"] = /^translate\((-?[\d.]+),(-?[\d.]+)\)/.exec(text.getAttribute("transform") ?? "") ?? [];
  return [Number(x ?? text.getAttribute("x") ?? 0), Number(x === undefined ? (text.getAttribute("y") ?? 0) : y)];
}

/** What a place across is on the axis with these ticks. */
function scaleOf(ticks: readonly Element[]): (x: number) => number {
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (!first || !last || first === last) return () => Number.NaN;
  const [[from], [to]] = [placeOf(first), placeOf(last)];
  const [least, most] = [numberText(first)!, numberText(last)!];
  return (x) => least + ((x - from) / (to - from)) * (most - least);
}

/** Ticks whose numbers are not as far apart as their places; none of an axis of names or days. */
function crookedTicks(ticks: readonly Element[]): string[] {
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (!first || !last || ticks.length < 3 || ticks.some((tick) => numberText(tick) === null)) return [];
  const across = placeOf(first)[0] !== placeOf(last)[0] ? 0 : 1;
  const share = (from: number, to: number, at: number) => (at - from) / (to - from);
  return ticks.flatMap((tick) => {
    const place = share(placeOf(first)[across], placeOf(last)[across], placeOf(tick)[across]);
    const number = share(numberText(first)!, numberText(last)!, numberText(tick)!);
    return Math.abs(place - number) < 0.01 ? [] : [tick.textContent];
  });
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
