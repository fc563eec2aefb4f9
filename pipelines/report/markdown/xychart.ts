import { detailsBlock, fence } from "./fence.ts";

/** Bars or a line over the chart's labels, one finite number each. */
interface Series {
  kind: "bar" | "line";
  name: string;
  values: readonly number[];
}

interface XyChart {
  title: string;
  /** One per value. They need not be unique or safe. */
  labels: readonly string[];
  valueAxis: string;
  series: readonly Series[];
  horizontal?: boolean;
}

const LONGEST_LABEL = 24;

/** Ranges that plain decimals can write; a chart of others says nothing anyway. */
const [NARROWEST, WIDEST] = [1e-12, 1e15];

/**
 * A Mermaid xychart in a fenced block, or null when it has nothing to show, a number that is not finite or an absurd range. The
 * grammar (xychart.jison) has no escapes in quoted text, no exponents in numbers and no empty text, hence the care.
 */
export function xyChart(chart: XyChart): string | null {
  const values = chart.series.flatMap((each) => each.values);
  if (values.length === 0 || !values.every(Number.isFinite)) return null;
  if (chart.series.some((each) => each.values.length !== chart.labels.length)) return null;
  const [low, high] = valueRange(
    values,
    chart.series.some((each) => each.kind === "bar"),
  );
  if (!(high - low > NARROWEST && high - low < WIDEST)) return null;
  const digits = chartDigits(high - low);
  const number = (value: number) => plainNumber(value, digits);
  return fence(
    [
      `xychart-beta${chart.horizontal ? " horizontal" : ""}`,
      `  title "${chartText(chart.title, 100)}"`,
      `  x-axis [${distinct(chart.labels).map(quote).join(", ")}]`,
      `  y-axis "${chartText(chart.valueAxis, 60)}" ${number(low)} --> ${number(high)}`,
      ...chart.series.map(
        (each) => `  ${each.kind} "${chartText(each.name, 40)}" [${each.values.map(number).join(", ")}]`,
      ),
    ].join("\n"),
    "mermaid",
  );
}

/** Covers the data with a little room; bars start at zero, because their length is what people compare. */
function valueRange(values: readonly number[], bars: boolean): [number, number] {
  const low = values.reduce((least, each) => Math.min(least, each), bars ? 0 : Number.POSITIVE_INFINITY);
  const high = values.reduce((most, each) => Math.max(most, each), bars ? 0 : Number.NEGATIVE_INFINITY);
  if (low === high) return bars ? [0, 1] : [low - (Math.abs(low) * 0.05 || 1), high + (Math.abs(high) * 0.05 || 1)];
  const room = (high - low) * 0.05;
  return [
    bars && low === 0 ? 0 : outward(low - room, Math.floor),
    bars && high === 0 ? 0 : outward(high + room, Math.ceil),
  ];
}

/** To two digits, away from the data, because an axis that ends at 13646 looks like a mistake. */
function outward(bound: number, round: (value: number) => number): number {
  if (bound === 0) return 0;
  const step = 10 ** (Math.floor(Math.log10(Math.abs(bound))) - 1);
  return round(bound / step) * step;
}

/** Decimals that show a thousandth of the range. */
function chartDigits(range: number): number {
  return Math.min(20, Math.max(0, 3 - Math.floor(Math.log10(range))));
}

function plainNumber(value: number, digits: number): string {
  const text = Math.abs(value) < 1e21 ? value.toFixed(digits) : BigInt(Math.round(value)).toString();
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return short === "-0" ? "0" : short;
}

/** Letters, digits and signs that Mermaid reads as they are; everything else becomes a space. Never empty. */
function chartText(text: string, limit: number): string {
  const safe = text
    .slice(0, limit * 4)
    .toWellFormed()
    .replace(/[^\p{L}\p{M}\p{N} ._,+=/:()–−…%-]/gu, " ")
    .replace(/%+/g, "%")
    .replace(/\s+/g, " ")
    .trim();
  const points = [...safe];
  return (points.length > limit ? `${points.slice(0, limit - 1).join("")}…` : safe) || "?";
}

/** Mermaid draws equal labels on top of each other, so a repeated one gets a number. */
function distinct(labels: readonly string[]): string[] {
  const seen = new Set<string>();
  return labels.map((label) => {
    const text = chartText(label, LONGEST_LABEL);
    let unique = text;
    for (let copy = 2; seen.has(unique); copy++) unique = `${text} (${copy})`;
    seen.add(unique);
    return unique;
  });
}

function quote(text: string): string {
  return `"${text}"`;
}

/** A chart with its numbers folded below it, which say the same; the table alone where there is no chart. */
export function chartWithTable(chart: string | null, table: string): string {
  if (chart === null || table === "") return chart ?? table;
  return `${chart}\n\n${detailsBlock("The same as a table", table)}`;
}
