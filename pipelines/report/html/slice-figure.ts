import { formatSignedPercent } from "../../statistics/format-number.ts";
import { type JudgedSlice, relativeDifference, slicesWorstFirst } from "../comparison-rows.ts";
import { indexChecks, markWords } from "../gate-checks.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { colours, figure, shortLabel } from "../page/plots.ts";
import { type Drawing, nameOf } from "./drawing.ts";

const mostDrawn = 15;
const mostListed = 300;

/** Slices worst first as dots with intervals: how much worse or better than production, or the candidate's own score without one. */
export function sliceFigure(drawing: Drawing): Html | null {
  const { evaluation, verdict } = drawing;
  const slices = slicesWorstFirst(evaluation.slices, indexChecks(verdict));
  if (slices.length === 0) return null;
  const compared = slices.some(({ slice }) => relativeDifference(slice) !== null);
  const picture = compared ? differenceDots(drawing, slices) : scoreDots(drawing, slices);
  const rest =
    slices.length > mostDrawn ? `The worst ${mostDrawn} of ${slices.length}; the others are in the table. ` : "";
  const small =
    evaluation.small_slices > 0
      ? html`${drawing.facts.count("evaluation.small_slices")} with too few rows are not judged.`
      : "";
  return figure({
    title: "Slices, worst first",
    picture,
    table: sliceTable(drawing, slices.slice(0, mostListed)),
    note: html`${compared && "Change against production, with its interval; right of the line is worse. "}${rest}${small}`,
  });
}

interface Dot {
  name: string;
  /** Of production's score, positive where it is worse. */
  worse: number;
  low: number;
  high: number;
  limit: number | null;
}

function differenceDots({ plots, candidate, evaluation }: Drawing, slices: readonly JudgedSlice[]): Html {
  const dots = slices.slice(0, mostDrawn).flatMap(({ slice }, at): Dot[] => {
    const relative = relativeDifference(slice);
    if (!relative) return [];
    const sign = slice.direction === "min" ? 1 : -1;
    const rule = candidate.config.thresholds.slices.find(
      ({ by, metric }) => by === slice.by && metric === slice.metric,
    );
    const limit = rule && "relative" in rule.max_regression ? rule.max_regression.relative : null;
    const ends = [sign * relative.low, sign * relative.high].toSorted((a, b) => a - b);
    return [{ name: labelOf(slice, at), worse: sign * relative.value, low: ends[0]!, high: ends[1]!, limit }];
  });
  const { Plot } = plots;
  return plots.draw(
    `Slices, worst first: change of the metric against production, worst ${dots[0] ? formatSignedPercent(dots[0].worse) : "unknown"}`,
    {
      height: 62 + 19 * dots.length,
      marginLeft: 150,
      x: {
        label: "worse by →",
        tickFormat: (value: number) => formatSignedPercent(value, 2),
        ticks: 4,
        grid: true,
        nice: true,
      },
      y: { label: null, domain: dots.map(({ name }) => name), type: "point" },
      marks: [
        Plot.ruleX([0], { stroke: colours.ink }),
        Plot.ruleY(dots, { y: "name", x1: "low", x2: "high", stroke: colours.candidate, strokeWidth: 2 }),
        Plot.text(
          dots.filter(({ limit }) => limit !== null),
          { x: "limit", y: "name", text: () => "|", fill: colours.ink },
        ),
        Plot.dot(dots, { x: "worse", y: "name", r: 4, fill: colours.candidate }),
      ],
    },
    worstPath(evaluation, slices),
  );
}

/** Where the record has the two numbers of the first slice that has both. */
function worstPath({ slices: all }: Drawing["evaluation"], slices: readonly JudgedSlice[]): string[] {
  const worst = slices.find(({ slice }) => relativeDifference(slice) !== null)?.slice;
  if (!worst) return [];
  const path = `evaluation.slices.${all.indexOf(worst)}`;
  const isWorse = (worst.direction === "min") === worst.production! > 0;
  return [`${isWorse ? "" : "-"}${path}.difference.value/${path}.production`];
}

function scoreDots({ plots, evaluation }: Drawing, slices: readonly JudgedSlice[]): Html {
  const metric = slices[0]!.slice.metric;
  const dots = slices
    .filter(({ slice }) => slice.metric === metric && slice.candidate !== null)
    .slice(0, mostDrawn)
    .map(({ slice }, at) => ({ name: labelOf(slice, at), value: slice.candidate! }));
  const whole = evaluation.metrics.find((each) => each.metric === metric)?.candidate ?? null;
  const { Plot } = plots;
  return plots.draw(`${metric} by slice, worst first`, {
    height: 62 + 19 * dots.length,
    marginLeft: 150,
    x: { label: metric, ticks: 4, grid: true, nice: true },
    y: { label: null, domain: dots.map(({ name }) => name), type: "point" },
    marks: [
      ...(whole === null ? [] : [Plot.ruleX([whole], { stroke: colours.ink, strokeDasharray: "4,3" })]),
      Plot.dot(dots, { x: "value", y: "name", r: 4, fill: colours.candidate }),
    ],
  });
}

/** Two names that are cut to the same label are still two lines. */
function labelOf({ by, value }: JudgedSlice["slice"], at: number): string {
  return `${shortLabel(by, 10)}=${shortLabel(value, 12)}${"\u200a".repeat(at)}`;
}

function sliceTable(drawing: Drawing, slices: readonly JudgedSlice[]): Html {
  const { facts, evaluation } = drawing;
  const places = new Map(evaluation.slices.map((slice, at) => [slice, `evaluation.slices.${at}`]));
  const path = ({ slice }: JudgedSlice) => places.get(slice)!;
  const hasProduction = evaluation.baseline.state === "scored";
  return factTable<JudgedSlice>(
    "Slices",
    [
      {
        header: "slice",
        cell: (each) => html`${facts.text(`${path(each)}.by`, 60)}=${facts.text(`${path(each)}.value`, 80)}`,
        isName: true,
      },
      { header: "metric", cell: ({ slice }) => slice.metric },
      { header: "rows", cell: (each) => facts.count(`${path(each)}.rows`), isNumber: true },
      ...(hasProduction
        ? [
            {
              header: nameOf(drawing, "production"),
              cell: (each: JudgedSlice) => facts.number(`${path(each)}.production`),
              isNumber: true,
            },
          ]
        : []),
      { header: nameOf(drawing, "candidate"), cell: (each) => facts.number(`${path(each)}.candidate`), isNumber: true },
      ...(hasProduction
        ? [
            {
              header: "Δ",
              cell: (each: JudgedSlice) => facts.signed(`${path(each)}.difference.value`),
              isNumber: true,
            },
            {
              header: "interval",
              cell: (each: JudgedSlice) => facts.interval(`${path(each)}.difference`),
              isNumber: true,
            },
          ]
        : []),
      { header: "gate", cell: ({ checks, slice }) => markWords(checks) || (slice.problem ? "not scored" : "") },
    ],
    slices,
  );
}
