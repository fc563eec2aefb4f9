import { type Axis, type RegressionPictures, readSeries, type Series } from "../../evaluation/pictures/pictures.ts";
import { formatCount } from "../../statistics/format-number.ts";
import type { Facts } from "../page/facts.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { colours, figure, type Plots } from "../page/plots.ts";
import { calibrationFigure, legend } from "./calibration-figure.ts";
import { type Contender, type Drawing, nameOf } from "./drawing.ts";

const base = "evaluation.pictures.regression";

/** Predicted against actual of the candidate: what a reviewer looks at first. */
export function predictedFigure(drawing: Drawing, who: Contender = "candidate"): Html | null {
  const pictures = drawing.evaluation.pictures?.regression;
  const side = pictures?.[who];
  if (!pictures || !side) return null;
  const { target } = drawing.candidate.config.features;
  return densityFigure(drawing, {
    title: `Predicted against actual: ${nameOf(drawing, who)}`,
    path: `${base}.${who}.density`,
    cells: side.density,
    across: { ...pictures.values, path: `${base}.values`, label: `predicted ${target}` },
    up: { ...pictures.values, path: `${base}.values`, label: `actual ${target}` },
    colour: colours[who],
    rule: "diagonal",
    note: "Darker: more rows. Dashed: as predicted. The outermost 1% is in the outermost cells.",
  });
}

/** The rest of what a regression shows. */
export function regressionFigures(drawing: Drawing): (Html | null)[] {
  const pictures = drawing.evaluation.pictures?.regression;
  if (!pictures) return [];
  const { target } = drawing.candidate.config.features;
  const words = { title: "Calibration by decile", across: `mean predicted ${target}`, up: `mean actual ${target}` };
  const sides = { candidate: pictures.candidate.calibration, production: pictures.production?.calibration ?? null };
  return [
    calibrationFigure(drawing, sides, { kind: "regression", words }),
    residualFigure(drawing, pictures),
    spreadFigure(drawing, pictures, "candidate"),
    predictedFigure(drawing, "production"),
    spreadFigure(drawing, pictures, "production"),
  ];
}

function spreadFigure(
  drawing: Drawing,
  { values, residuals, ...sides }: RegressionPictures,
  who: Contender,
): Html | null {
  const side = sides[who];
  if (!side) return null;
  return densityFigure(drawing, {
    title: `Residuals by prediction: ${nameOf(drawing, who)}`,
    path: `${base}.${who}.spread`,
    cells: side.spread,
    across: { ...values, path: `${base}.values`, label: "predicted" },
    up: { ...residuals, path: `${base}.residuals`, label: "actual − predicted" },
    colour: colours[who],
    rule: "zero",
  });
}

function residualFigure(drawing: Drawing, pictures: RegressionPictures): Html {
  const { plots, facts } = drawing;
  const { residuals } = pictures;
  const bars = barsOf(residuals);
  const counts = {
    candidate: readSeries(pictures.candidate.residuals),
    production: readSeries(pictures.production?.residuals),
  };
  const { Plot } = plots;
  const steps = bars.flatMap(({ from, to }, at) => [from, to].map((x) => ({ x, y: counts.production[at] ?? 0 })));
  const picture = plots.draw(
    `Residuals of ${nameOf(drawing, "candidate")}${pictures.production ? " and production" : ""}: rows by actual less predicted`,
    {
      height: 240,
      x: { label: "actual − predicted", ticks: 5 },
      y: { label: "rows", ticks: 4 },
      marks: [
        Plot.rectY(bars, {
          x1: "from",
          x2: "to",
          y: ({ at }) => counts.candidate[at] ?? 0,
          fill: colours.candidate,
          fillOpacity: 0.55,
          inset: 0.5,
        }),
        ...(pictures.production
          ? [Plot.line(steps, { x: "x", y: "y", stroke: colours.production, strokeWidth: 1.5, strokeDasharray: "5,3" })]
          : []),
        Plot.ruleX([0], { stroke: colours.ink, strokeDasharray: "4,3" }),
        Plot.ruleY([0]),
      ],
    },
  );
  const cell = (who: Contender) => (bar: { at: number }) => facts.count(`${base}.${who}.residuals.${bar.at}`);
  const table = factTable<(typeof bars)[number]>(
    "Rows by residual",
    [
      { header: "residual from", cell: ({ at }) => facts.edge(`${base}.residuals`, at), isName: true, isNumber: true },
      { header: nameOf(drawing, "candidate"), cell: cell("candidate"), isNumber: true },
      ...(pictures.production
        ? [{ header: nameOf(drawing, "production"), cell: cell("production"), isNumber: true }]
        : []),
    ],
    bars,
  );
  return figure({ title: "Residuals", picture, table, note: `${legend(drawing, pictures)}.` });
}

/** The parts of an axis. */
export function barsOf({ from, to, bins }: Axis): { from: number; to: number; at: number }[] {
  const width = (to - from) / bins;
  return Array.from({ length: bins }, (_, at) => ({ from: from + at * width, to: from + (at + 1) * width, at }));
}

/** An axis with its place in the record. */
type LabelledAxis = Axis & { label: string; path: string };

interface DensityParts {
  title: string;
  /** Of the record: the list of series, one for each part of `up`. */
  path: string;
  cells: readonly Series[];
  across: LabelledAxis;
  up: LabelledAxis;
  colour: string;
  /** Where up equals across, or where up is zero. */
  rule: "diagonal" | "zero";
  note?: string;
}

/** Rows by two numbers, the darker the more. */
function densityFigure({ plots, facts }: { plots: Plots; facts: Facts }, parts: DensityParts): Html {
  const { across, up, cells, colour, rule, title } = parts;
  const [wide, high] = [(across.to - across.from) / across.bins, (up.to - up.from) / up.bins];
  const rows = cells.map(readSeries);
  const most = Math.max(1, ...rows.flat());
  const squares = rows.flatMap((row, y) =>
    row.flatMap((count, x) => (count > 0 ? [{ count, x: across.from + x * wide, y: up.from + y * high }] : [])),
  );
  const { Plot } = plots;
  const total = rows.flat().reduce((sum, each) => sum + each, 0);
  const picture = plots.draw(
    `${title}: ${formatCount(total)} rows, ${up.label} by ${across.label}`,
    {
      height: 280,
      x: { label: across.label, domain: [across.from, across.to], ticks: 5 },
      y: { label: up.label, domain: [up.from, up.to], ticks: 6 },
      marks: [
        Plot.rect(squares, {
          x1: "x",
          x2: ({ x }: { x: number }) => x + wide,
          y1: "y",
          y2: ({ y }: { y: number }) => y + high,
          fill: colour,
          fillOpacity: ({ count }: { count: number }) => 0.08 + 0.92 * Math.sqrt(count / most),
        }),
        rule === "zero"
          ? Plot.ruleY([0], { stroke: "var(--ink)", strokeDasharray: "4,3" })
          : Plot.line([Math.max(across.from, up.from), Math.min(across.to, up.to)], {
              x: (each: number) => each,
              y: (each: number) => each,
              stroke: "var(--ink)",
              strokeDasharray: "4,3",
            }),
      ],
    },
    [parts.path],
  );
  return figure({ title, picture, table: cellTable(facts, parts, rows), note: parts.note ?? null });
}

/** The lowest part of `up` comes last, as in the picture. */
function cellTable(facts: Facts, { title, path, across, up }: DensityParts, rows: readonly number[][]): Html {
  const start = (axis: LabelledAxis, at: number) => facts.edge(axis.path, at, 3);
  const line = (row: readonly number[], y: number) =>
    html`<tr><th scope="row" class="number">${start(up, y)}</th>${row.map((count, x) => (count === 0 ? html`<td></td>` : html`<td data-path="${y}.${x}">${formatCount(count)}</td>`))}</tr>\n`;
  return html`<div class="scroll cells" role="region" tabindex="0" aria-label="${title}: rows by cell"><table data-root="${path}">
<caption>Rows; each cell begins at ${across.label} (across) and ${up.label} (down)</caption>
<thead><tr><td></td>${Array.from({ length: across.bins }, (_, x) => html`<th scope="col" class="number">${start(across, x)}</th>`)}</tr></thead>
<tbody>${rows.map(line).reverse()}</tbody></table></div>`;
}
