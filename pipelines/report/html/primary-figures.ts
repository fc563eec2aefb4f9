import type { MetricComparison } from "../../evaluation/evaluation.ts";
import { readSeries } from "../../evaluation/pictures/pictures.ts";
import { allowedWorsening } from "../../gate/primary-check.ts";
import { formatNumber, formatSigned } from "../../statistics/format-number.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { colours, figure } from "../page/plots.ts";
import { type Drawing, nameOf } from "./drawing.ts";

/** The primary metric of naive, production and candidate on one axis, with the limits that it was judged by. */
export function primaryFigure(drawing: Drawing): Html | null {
  const { plots, evaluation, facts } = drawing;
  const [primary] = evaluation.metrics;
  if (!primary || primary.candidate === null) return null;
  const sides = (["naive", "production", "candidate"] as const)
    .filter((who) => primary[who] !== null)
    .map((who) => ({ who, name: who === "naive" ? "naive" : nameOf(drawing, who), value: primary[who]! }));
  const limits = limitsOf(drawing);
  const { Plot } = plots;
  const shown = sides.filter((each) => each.who !== "naive" || !isFar(primary));
  const told = sides.map(({ name, value }) => `${name} ${formatNumber(value)}`).join(", ");
  const picture = plots.draw(
    `${primary.metric}: ${told}`,
    {
      height: 70 + 36 * shown.length,
      marginLeft: 96,
      marginRight: 44,
      x: { label: `${primary.metric} (${aimWords(primary)})`, nice: true, ticks: 5, grid: true },
      y: { label: null, domain: shown.map(({ name }) => name), type: "point", padding: 0.6 },
      symbol: { type: "identity" },
      marks: [
        Plot.ruleX(limits, { x: "value", stroke: colours.ink, strokeDasharray: "4,3" }),
        Plot.dot(shown, {
          x: "value",
          y: "name",
          r: 6,
          fill: ({ who }: (typeof sides)[number]) => colours[who],
          symbol: ({ who }: (typeof sides)[number]) =>
            ({ naive: "square", production: "triangle", candidate: "circle" })[who],
        }),
        Plot.text(shown, { x: "value", y: "name", text: ({ value }) => formatNumber(value), dy: -13 }),
      ],
    },
    sides.map(({ who }) => `evaluation.metrics.0.${who}`),
  );
  const table = factTable<(typeof sides)[number]>(
    `${primary.metric} of each`,
    [
      { header: "model", cell: ({ name }) => name, isName: true },
      { header: primary.metric, cell: ({ who }) => facts.number(`evaluation.metrics.0.${who}`), isNumber: true },
    ],
    sides,
  );
  const far = shown.length < sides.length && html`naive ${facts.number("evaluation.metrics.0.naive")}, off this axis. `;
  const dashed =
    limits.length > 0 &&
    html`Dashed: ${limits.map((limit, at) => html`${at > 0 && ", "}${limit.words} ${facts.number(limit.path)}`)}`;
  return figure({
    title: `${primary.metric}, ${aimWords(primary)}`,
    picture,
    table,
    note: far || dashed ? html`${far}${dashed}` : null,
  });
}

/** Naive is so much further off that on one axis nobody would see the two models apart. */
function isFar({ naive, production, candidate }: MetricComparison): boolean {
  if (naive === null || production === null || candidate === null) return false;
  return Math.abs(naive - production) > 20 * Math.abs(candidate - production);
}

function aimWords({ metric, direction }: { metric: string; direction: string }): string {
  if (metric === "bias") return "near 0 is better";
  return direction === "min" ? "lower is better" : "higher is better";
}

interface Limit {
  value: number;
  path: string;
  words: string;
}

/** Of the primary metric: the business threshold at a first deploy, and guards that always hold. */
function limitsOf({ candidate, verdict, evaluation }: Drawing): Limit[] {
  const { thresholds } = candidate.config;
  const groups = verdict.rule === "first_deploy" ? (["first_deploy", "always"] as const) : (["always"] as const);
  return groups.flatMap((group) =>
    (["max", "min"] as const).flatMap((side): Limit[] => {
      const value = thresholds[group]?.[evaluation.primary]?.[side];
      if (typeof value !== "number") return [];
      const path = `candidate.config.thresholds.${group}.${evaluation.primary}.${side}`;
      return [{ value, path, words: side === "max" ? "at most" : "at least" }];
    }),
  );
}

/** How the difference came out over the resamples, with its interval and the limit that it must stay on one side of. */
export function differenceFigure({ plots, evaluation, facts, candidate, own }: Drawing): Html | null {
  const [primary] = evaluation.metrics;
  const drawn = evaluation.pictures?.resampled;
  if (!primary?.difference || primary.production === null || drawn === undefined) return null;
  const { value, low, high } = primary.difference;
  const counts = readSeries(drawn.counts);
  const { from, to, bins } = drawn.axis;
  const width = (to - from) / bins;
  const bars = counts.map((count, at) => ({ count, from: from + at * width, to: from + (at + 1) * width, at }));
  const { limit, words } = differenceLimit(candidate.config.thresholds.retrain, primary.direction, primary.production);
  const most = Math.max(...counts);
  const { Plot } = plots;
  const interval = `${formatSigned(low)} … ${formatSigned(high)}`;
  const path = "evaluation.metrics.0.difference";
  const picture = plots.draw(
    `Difference of ${primary.metric}, ${own} less production: ${formatSigned(value)}, interval ${interval}`,
    {
      height: 200,
      x: { label: `Δ ${primary.metric}: ${own} − production`, ticks: 5, nice: true },
      y: { label: "resamples", ticks: 3 },
      marks: [
        Plot.rectY(bars, { x1: "from", x2: "to", y: "count", fill: colours.candidate, fillOpacity: 0.55, inset: 0.5 }),
        Plot.ruleX([limit], { stroke: colours.ink, strokeDasharray: "4,3", strokeWidth: 1.5 }),
        Plot.ruleY([{ low, high }], {
          x1: "low",
          x2: "high",
          y: () => most * 1.08,
          stroke: colours.ink,
          strokeWidth: 2.5,
        }),
        Plot.dot([value], { x: (each: number) => each, y: () => most * 1.08, fill: colours.ink, r: 4 }),
        Plot.ruleY([0]),
      ],
    },
    ["value", "low", "high"].map((each) => `${path}.${each}`),
  );
  const table = factTable<(typeof bars)[number]>(
    "Resamples by difference",
    [
      {
        header: "difference from",
        cell: ({ at }) => facts.edge("evaluation.pictures.resampled.axis", at),
        isName: true,
        isNumber: true,
      },
      {
        header: "resamples",
        cell: (bar) => facts.count(`evaluation.pictures.resampled.counts.${bar.at}`),
        isNumber: true,
      },
    ],
    bars,
  );
  const note = html`Δ ${facts.signed(`${path}.value`)}, ${facts.percent(`${path}.confidence`)} interval ${facts.interval(path)}. Dashed: ${words}.`;
  return figure({ title: "The difference, resampled", picture, table, note });
}

/** On the axis of the difference: no difference, or the margin that a candidate may be worse by. */
function differenceLimit(
  { mode, margin }: Drawing["candidate"]["config"]["thresholds"]["retrain"],
  direction: "min" | "max",
  production: number,
): { limit: number; words: string } {
  if (mode !== "non-inferior" || !margin) return { limit: 0, words: "no difference" };
  const allowed = allowedWorsening(margin, production);
  return { limit: direction === "min" ? allowed : -allowed, words: "the margin it may be worse by" };
}
