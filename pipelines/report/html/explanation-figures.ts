import type { PartialDependence } from "../../evaluation/evaluation.ts";
import { type ColumnShape, readSeries } from "../../evaluation/pictures/pictures.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { axisLabel, colours, figure, shortLabel } from "../page/plots.ts";
import type { Drawing } from "./drawing.ts";
import { barsOf } from "./regression-figures.ts";

const mostBars = 15;

/** How much worse the metric gets when a feature is shuffled. */
export function importanceFigure({ plots, facts, evaluation }: Drawing): Html | null {
  const { explanations } = evaluation;
  if (!explanations || explanations.importance.length === 0) return null;
  const bars = explanations.importance.slice(0, mostBars).map(({ feature, worse, sd }, at) => ({
    name: axisLabel(feature, at, 18),
    worse,
    low: worse - sd,
    high: worse + sd,
  }));
  const { Plot } = plots;
  const { metric, importance } = explanations;
  const picture = plots.draw(
    `Importance: how much worse ${metric} gets when a feature is shuffled, most ${shortLabel(importance[0]!.feature)}`,
    {
      height: 62 + 19 * bars.length,
      marginLeft: 140,
      x: { label: `${metric} gets worse by`, ticks: 4, grid: true, nice: true },
      y: { label: null, domain: bars.map(({ name }) => name) },
      marks: [
        Plot.barX(bars, {
          x: "worse",
          y: "name",
          fill: colours.candidate,
          fillOpacity: 0.6,
          insetTop: 3,
          insetBottom: 3,
        }),
        Plot.ruleY(bars, { y: "name", x1: "low", x2: "high", stroke: colours.ink }),
        Plot.ruleX([0]),
      ],
    },
  );
  const table = factTable<number>(
    "Importance",
    [
      {
        header: "feature",
        cell: (at) => facts.text(`evaluation.explanations.importance.${at}.feature`, 120),
        isName: true,
      },
      {
        header: `${metric} worse by`,
        cell: (at) => facts.number(`evaluation.explanations.importance.${at}.worse`),
        isNumber: true,
      },
      { header: "± sd", cell: (at) => facts.number(`evaluation.explanations.importance.${at}.sd`), isNumber: true },
    ],
    importance.map((_, at) => at),
  );
  const note = html`On ${facts.count("evaluation.explanations.rows")} test rows, shuffled ${facts.count("evaluation.explanations.repeats")} times each.`;
  return figure({ title: "What it relies on", picture, table, note });
}

/** The mean prediction by the value of a feature, over where the test rows are. */
export function dependenceFigures(drawing: Drawing): Html[] {
  const { evaluation } = drawing;
  return (evaluation.explanations?.dependence ?? []).map((each, at) => dependenceFigure(drawing, each, at));
}

interface Point {
  x: number | string;
  value: number;
  at: number;
  series: number;
}

function dependenceFigure(drawing: Drawing, dependence: PartialDependence, at: number): Html {
  const { plots, facts, evaluation } = drawing;
  const { Plot } = plots;
  const places = placesOf(dependence);
  const isNumber = typeof places[0] === "number";
  const points = dependence.series.flatMap(({ values }, series) =>
    values.flatMap((value, of): Point[] =>
      places[of] === undefined ? [] : [{ x: places[of]!, value, at: of, series }],
    ),
  );
  const shape = evaluation.pictures?.columns?.find(
    ({ name, role }) => role === "feature" && name === dependence.feature,
  );
  const title = `Partial dependence: ${shortLabel(dependence.feature)}`;
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = most - least || Math.abs(most) || 1;
  const bottom = least - 0.35 * span;
  const under = shape && isNumber ? densityBars(shape, places as number[]) : [];
  const tallest = Math.max(1, ...under.map(({ rows }) => rows));
  const dashes = ["", "5,3", "2,2", "8,3,2,3"];
  const picture = plots.draw(`${title}: mean prediction by its value`, {
    height: 240,
    marginBottom: isNumber ? 42 : 66,
    x: isNumber
      ? { label: shortLabel(dependence.feature), ticks: 5 }
      : {
          label: null,
          type: "point",
          domain: [...new Set(places)],
          tickRotate: -35,
        },
    y: { label: "mean prediction", ticks: 5, domain: [bottom, most + 0.05 * span] },
    marks: [
      Plot.rect(under, {
        x1: "from",
        x2: "to",
        y1: () => bottom,
        y2: ({ rows }: { rows: number }) => bottom + (0.28 * span * rows) / tallest,
        fill: colours.soft,
        fillOpacity: 0.35,
      }),
      // Between categories there is nothing.
      ...(isNumber ? dependence.series : []).map((_, series) =>
        Plot.line(
          points.filter((each) => each.series === series),
          { x: "x", y: "value", stroke: colours.candidate, strokeDasharray: dashes[series % 4] ?? "" },
        ),
      ),
      Plot.dot(points, { x: "x", y: "value", fill: colours.candidate, r: 3 }),
    ],
  });
  const path = `evaluation.explanations.dependence.${at}`;
  const table = factTable<number>(
    title,
    [
      { header: shortLabel(dependence.feature), cell: (of) => facts.text(`${path}.labels.${of}`, 80), isName: true },
      ...dependence.series.map(({ name }, series) => ({
        header: shortLabel(name),
        cell: (of: number) => facts.number(`${path}.series.${series}.values.${of}`),
        isNumber: true,
      })),
    ],
    dependence.labels.map((_, of) => of),
  );
  const note = under.length > 0 ? "Grey below: where the test rows are." : null;
  return figure({ title, picture, table, note });
}

/** Labels of numbers as numbers, where all can be read back. */
function placesOf({ labels, kind }: PartialDependence): (number | string)[] {
  const numbers = labels.map((label) => Number(label.replaceAll(",", "").replace("−", "-")));
  return kind === "number" && numbers.every(Number.isFinite)
    ? numbers
    : labels.map((label, at) => axisLabel(label, at, 11));
}

function densityBars(
  { axis, test }: ColumnShape,
  places: readonly number[],
): { from: number; to: number; rows: number }[] {
  if (!axis) return [];
  const counts = readSeries(test.counts);
  const [least, most] = [Math.min(...places), Math.max(...places)];
  return barsOf(axis)
    .filter(({ from, to }) => to >= least && from <= most)
    .map(({ from, to, at }) => ({ from: Math.max(from, least), to: Math.min(to, most), rows: counts[at] ?? 0 }));
}

/** How training went. */
export function trainingFigures({ plots, facts, candidate }: Drawing): Html[] {
  return candidate.curves.flatMap((curve, at) => {
    const points = curve.steps.flatMap((step, of) =>
      Number.isFinite(curve.values[of]) ? [{ step, value: curve.values[of]!, of }] : [],
    );
    if (points.length < 2) return [];
    const { Plot } = plots;
    const name = shortLabel(curve.metric, 40);
    const picture = plots.draw(
      `${name} by training step, from ${formatNumber(points[0]!.value)} to ${formatNumber(points.at(-1)!.value)}`,
      {
        x: { label: "step", ticks: 5 },
        y: { label: name, ticks: 5, nice: true },
        marks: [Plot.line(points, { x: "step", y: "value", stroke: colours.candidate, strokeWidth: 1.75 })],
      },
      [points[0]!, points.at(-1)!].map(({ of }) => `candidate.curves.${at}.values.${of}`),
    );
    const shown = points.filter((_, of) => of % Math.ceil(points.length / 100) === 0 || of === points.length - 1);
    const table = factTable<(typeof points)[number]>(
      name,
      [
        {
          header: "step",
          cell: ({ of }) => facts.count(`candidate.curves.${at}.steps.${of}`),
          isName: true,
          isNumber: true,
        },
        { header: name, cell: ({ of }) => facts.number(`candidate.curves.${at}.values.${of}`), isNumber: true },
      ],
      shown,
    );
    return [figure({ title: `Training: ${name}`, picture, table })];
  });
}
