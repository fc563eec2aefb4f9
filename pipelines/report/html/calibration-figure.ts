import { type Calibration, readSeries } from "../../evaluation/pictures/pictures.ts";
import { factTable, type Html } from "../page/html.ts";
import { colours, figure } from "../page/plots.ts";
import { type Contender, type Drawing, nameOf } from "./drawing.ts";

interface Point {
  who: Contender;
  at: number;
  predicted: number;
  actual: number;
  low: number;
  high: number;
}

/** What was predicted against what happened, with intervals, of both models. */
export function calibrationFigure(
  drawing: Drawing,
  sides: Readonly<Record<Contender, Calibration | null>>,
  { kind, words }: { kind: "regression" | "classification"; words: { title: string; across: string; up: string } },
): Html | null {
  const points = (["production", "candidate"] as const).flatMap((who) => pointsOf(who, sides[who]));
  if (points.length === 0) return null;
  const { plots, facts } = drawing;
  const { Plot } = plots;
  const all = points.flatMap(({ predicted, low, high }) => [predicted, low, high]);
  const ends = [Math.min(...all), Math.max(...all)];
  const of = (who: Contender) => points.filter((each) => each.who === who);
  const picture = plots.draw(`${words.title}: ${words.up} by ${words.across}, of ${sidesNamed(drawing, sides)}`, {
    height: 280,
    x: { label: words.across, ticks: 5 },
    y: { label: words.up, ticks: 6 },
    marks: [
      Plot.line(ends, {
        x: (each: number) => each,
        y: (each: number) => each,
        stroke: colours.soft,
        strokeDasharray: "4,3",
      }),
      ...(["production", "candidate"] as const).flatMap((who) => [
        Plot.ruleX(of(who), { x: "predicted", y1: "low", y2: "high", stroke: colours[who], strokeWidth: 1.5 }),
        Plot.line(of(who), {
          x: "predicted",
          y: "actual",
          stroke: colours[who],
          ...(who === "production" && { strokeDasharray: "5,3" }),
        }),
        Plot.dot(of(who), {
          x: "predicted",
          y: "actual",
          fill: colours[who],
          r: 3,
          symbol: who === "candidate" ? "circle" : "triangle",
        }),
      ]),
    ],
  });
  const path = ({ who, at }: Point, name: string) => `evaluation.pictures.${kind}.${who}.calibration.${name}.${at}`;
  const table = factTable<Point>(
    words.title,
    [
      { header: "model", cell: ({ who }) => nameOf(drawing, who), isName: true },
      { header: "rows", cell: (point) => facts.count(path(point, "rows")), isNumber: true },
      ...(["predicted", "actual", "low", "high"] as const).map((name) => ({
        header: name === "low" || name === "high" ? `95% ${name}` : name,
        cell: (point: Point) => facts.number(path(point, name)),
        isNumber: true,
      })),
    ],
    points,
  );
  return figure({
    title: words.title,
    picture,
    table,
    note: `${legend(drawing, sides)}. Grey dashes: as predicted. Bars: 95% intervals.`,
  });
}

function pointsOf(who: Contender, calibration: Calibration | null): Point[] {
  if (calibration === null) return [];
  const [predicted, actual] = [readSeries(calibration.predicted), readSeries(calibration.actual)];
  const [low, high] = [readSeries(calibration.low), readSeries(calibration.high)];
  return predicted.flatMap((each, at) =>
    actual[at] === undefined || low[at] === undefined || high[at] === undefined
      ? []
      : [{ who, at, predicted: each, actual: actual[at], low: low[at], high: high[at] }],
  );
}

function sidesNamed(drawing: Drawing, sides: Readonly<Record<Contender, unknown>>): string {
  return (["candidate", "production"] as const)
    .filter((who) => sides[who])
    .map((who) => nameOf(drawing, who))
    .join(" and ");
}

/** Which line is whose, in words that do without colours. */
export function legend(drawing: Drawing, sides: Readonly<Record<Contender, unknown>>): string {
  const own = `${nameOf(drawing, "candidate")}: orange, whole line`;
  return sides.production ? `${own}; ${nameOf(drawing, "production")}: blue, dashed` : own;
}
