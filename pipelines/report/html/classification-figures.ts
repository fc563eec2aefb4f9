import { type ClassCurves, type ClassificationPictures, readSeries } from "../../evaluation/pictures/pictures.ts";
import { formatCount, formatSigned } from "../../statistics/format-number.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { colours, figure, shortLabel } from "../page/plots.ts";
import { calibrationFigure, legend } from "./calibration-figure.ts";
import { type Contender, type Drawing, nameOf } from "./drawing.ts";

const base = "evaluation.pictures.classification";

/** Calibration of both models. */
export function probabilityFigure(drawing: Drawing): Html | null {
  const pictures = drawing.evaluation.pictures?.classification;
  if (!pictures) return null;
  const { classes } = drawing.evaluation;
  const of = classes.length === 2 ? `of ${shortLabel(classes.at(-1)!)}` : "of the predicted class";
  const words = { title: "Calibration", across: `mean probability ${of}`, up: "share that happened" };
  const sides = { candidate: pictures.candidate.calibration, production: pictures.production?.calibration ?? null };
  return calibrationFigure(drawing, sides, { kind: "classification", words });
}

/** Curves by class, and who is taken for what. */
export function classificationFigures(drawing: Drawing): (Html | null)[] {
  const pictures = drawing.evaluation.pictures?.classification;
  if (!pictures) return [];
  return [
    ...pictures.candidate.curves.flatMap((curve, at) =>
      [rocFigure, precisionFigure].map((draw) => draw(drawing, pictures, at, curve.class)),
    ),
    confusionFigure(drawing, pictures, "candidate"),
    confusionFigure(drawing, pictures, "production"),
    changeFigure(drawing, pictures),
  ];
}

type Axes = readonly [across: keyof ClassCurves, up: keyof ClassCurves];

function rocFigure(drawing: Drawing, pictures: ClassificationPictures, at: number, name: string): Html {
  const diagonal = [
    [0, 0],
    [1, 1],
  ] as const;
  const words = { title: `ROC: ${shortLabel(name)}`, across: "false positive rate", up: "true positive rate" };
  return curveFigure(drawing, pictures, { at, words, axes: ["false_positive", "true_positive"], chance: diagonal });
}

function precisionFigure(drawing: Drawing, pictures: ClassificationPictures, at: number, name: string): Html {
  const words = { title: `Precision and recall: ${shortLabel(name)}`, across: "recall", up: "precision" };
  return curveFigure(drawing, pictures, { at, words, axes: ["recall", "precision"], chance: [] });
}

interface Point {
  who: Contender;
  at: number;
  x: number;
  y: number;
}

function curveFigure(
  drawing: Drawing,
  pictures: ClassificationPictures,
  {
    at,
    words,
    axes,
    chance,
  }: {
    at: number;
    words: { title: string; across: string; up: string };
    axes: Axes;
    chance: readonly (readonly [number, number])[];
  },
): Html {
  const { plots, facts } = drawing;
  const { Plot } = plots;
  const points = (["production", "candidate"] as const).flatMap((who) =>
    pointsOf(who, pictures[who]?.curves[at], axes),
  );
  const of = (who: Contender) => points.filter((each) => each.who === who);
  const picture = plots.draw(`${words.title}: ${words.up} by ${words.across}`, {
    height: 280,
    x: { label: words.across, domain: [0, 1], ticks: 5 },
    y: { label: words.up, domain: [0, 1], ticks: 5, grid: true },
    marks: [
      Plot.line(chance, { stroke: colours.soft, strokeDasharray: "4,3" }),
      Plot.line(of("production"), {
        x: "x",
        y: "y",
        stroke: colours.production,
        strokeDasharray: "5,3",
        strokeWidth: 1.75,
      }),
      Plot.line(of("candidate"), { x: "x", y: "y", stroke: colours.candidate, strokeWidth: 1.75 }),
    ],
  });
  const cell = (axis: keyof ClassCurves) => (point: Point) =>
    facts.number(`${base}.${point.who}.curves.${at}.${axis}.${point.at}`);
  const table = factTable<Point>(
    words.title,
    [
      { header: "model", cell: ({ who }) => nameOf(drawing, who), isName: true },
      { header: words.across, cell: cell(axes[0]), isNumber: true },
      { header: words.up, cell: cell(axes[1]), isNumber: true },
    ],
    points,
  );
  return figure({ title: words.title, picture, table, note: `${legend(drawing, pictures)}.` });
}

function pointsOf(who: Contender, curve: ClassCurves | undefined, [across, up]: Axes): Point[] {
  const [x, y] = [readSeries(curve?.[across]), readSeries(curve?.[up])];
  return x.flatMap((each, at) => (y[at] === undefined ? [] : [{ who, at, x: each, y: y[at] }]));
}

/** The table is the picture: shades say the share of the row. */
function confusionFigure(drawing: Drawing, pictures: ClassificationPictures, who: Contender): Html | null {
  const side = pictures[who];
  if (!side) return null;
  const rows = side.confusion.map(readSeries);
  const shade = (row: readonly number[], count: number) =>
    Math.round(
      (10 * count) /
        Math.max(
          1,
          row.reduce((sum, each) => sum + each, 0),
        ),
    );
  const line = (row: readonly number[], y: number) =>
    html`<tr><th scope="row">${shortLabel(pictures.classes[y] ?? "", 18)}</th>${row.map((count, x) => html`<td class="number shade-${who} s${shade(row, count)}" data-path="${y}.${x}">${formatCount(count)}</td>`)}</tr>\n`;
  const picture = matrix(pictures, {
    label: `Confusion of ${nameOf(drawing, who)}`,
    root: `${base}.${who}.confusion`,
    lines: rows.map(line),
  });
  return figure({
    title: `Confusion: ${nameOf(drawing, who)}`,
    picture,
    note: "Down: what it was. Across: what was predicted. Darker: a larger share of its row.",
  });
}

function matrix(
  { classes }: ClassificationPictures,
  { label, root, lines }: { label: string; root: string; lines: readonly Html[] },
): Html {
  return html`<div class="scroll matrix" role="region" tabindex="0" aria-label="${label}"><table${root !== "" && html` data-root="${root}"`}>
<thead><tr><td></td>${classes.map((name) => html`<th scope="col" class="number">${shortLabel(name, 18)}</th>`)}</tr></thead>
<tbody>${lines}</tbody></table></div>`;
}

/** Rows that moved from one cell to another; the sum of each line is zero. */
function changeFigure(drawing: Drawing, pictures: ClassificationPictures): Html | null {
  if (!pictures.production) return null;
  const [ours, theirs] = [pictures.candidate, pictures.production].map(({ confusion }) => confusion.map(readSeries));
  const line = (row: readonly number[], y: number) =>
    html`<tr><th scope="row">${shortLabel(pictures.classes[y] ?? "", 18)}</th>${row.map((count, x) => {
      const change = count - (theirs?.[y]?.[x] ?? 0);
      const good = change !== 0 && change > 0 === (x === y);
      const minus = `${base}.production.confusion.${y}.${x}`;
      return html`<td class="number ${change === 0 ? "same" : good ? "better" : "worse"}"><data data-path="${base}.candidate.confusion.${y}.${x}" data-minus="${minus}" value="${String(change)}">${formatSigned(change, 9)}</data>${change !== 0 && html` <span class="word">${good ? "better" : "worse"}</span>`}</td>`;
    })}</tr>\n`;
  const picture = matrix(pictures, {
    label: "Confusion, candidate less production",
    root: "",
    lines: (ours ?? []).map(line),
  });
  return figure({
    title: `Confusion: what changed against ${nameOf(drawing, "production")}`,
    picture,
    note: "Rows more or fewer in each cell.",
  });
}
