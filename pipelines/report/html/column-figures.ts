import { type ColumnShape, readSeries } from "../../evaluation/pictures/pictures.ts";
import { formatPercent } from "../../statistics/format-number.ts";
import type { Facts } from "../page/facts.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { axisLabel, colours, figure, shortLabel } from "../page/plots.ts";
import type { Drawing } from "./drawing.ts";
import { barsOf } from "./regression-figures.ts";

/** Each column in the train split and in the test split: the target first, then the features that matter most. */
export function columnFigures({ plots, facts, evaluation }: Drawing): Html[] {
  return (evaluation.pictures?.columns ?? []).map((shape, at) => {
    const path = `evaluation.pictures.columns.${at}`;
    const { Plot } = plots;
    const title = `${shortLabel(shape.name, 30)}${shape.role === "target" ? " (target)" : ""}`;
    const bars = shape.axis ? numberBars(shape) : labelBars(shape);
    const marks = shape.axis
      ? [
          Plot.rectY(bars, { x1: "from", x2: "to", y: "train", fill: colours.naive, fillOpacity: 0.5, inset: 0.5 }),
          Plot.line(
            bars.flatMap(
              ({ from, to, test }) =>
                [
                  [from, test],
                  [to, test],
                ] as [number, number][],
            ),
            { stroke: colours.candidate, strokeWidth: 1.5 },
          ),
        ]
      : [
          Plot.barX(bars, { y: "name", x: "train", fill: colours.naive, fillOpacity: 0.5, inset: 0.5 }),
          Plot.tickX(bars, { y: "name", x: "test", stroke: colours.candidate, strokeWidth: 2.5 }),
        ];
    const share = { label: "share of rows", tickFormat: (value: number) => formatPercent(value, 2), ticks: 4 };
    const picture = plots.draw(`${title}: train split against test split`, {
      height: shape.axis ? 170 : 62 + 17 * bars.length,
      ...(shape.axis
        ? { x: { label: null, ticks: 5 }, y: share }
        : { marginLeft: 130, x: share, y: { label: null, domain: bars.map(({ name }) => name) } }),
      marks,
    });
    const cell = (side: "train" | "test") => (bar: Bar) => facts.count(`${path}.${side}.counts.${bar.at}`);
    const table = factTable<Bar>(
      title,
      [
        {
          header: shape.axis ? "from" : "value",
          cell: (bar) =>
            shape.axis
              ? facts.edge(`${path}.axis`, bar.at)
              : bar.at < (shape.labels?.length ?? 0)
                ? facts.text(`${path}.labels.${bar.at}`, 80)
                : "all others",
          isName: true,
        },
        { header: "train rows", cell: cell("train"), isNumber: true },
        { header: "test rows", cell: cell("test"), isNumber: true },
      ],
      bars,
    );
    return figure({ title, picture, table, note: noteOf(shape, facts, path) });
  });
}

function noteOf({ train, test, axis }: ColumnShape, facts: Facts, path: string): Html {
  const missing = train.missing + test.missing > 0;
  const side = (name: "train" | "test") =>
    html`${name} ${facts.count(`${path}.${name}.rows`)} rows${axis && html`, median ${facts.number(`${path}.${name}.median`)} (${facts.number(`${path}.${name}.min`)} … ${facts.number(`${path}.${name}.max`)})`}${missing && html`, missing ${facts.count(`${path}.${name}.missing`)}`}`;
  return html`<span class="key-train">Bars: ${side("train")}.</span> <span class="key-test">Line: ${side("test")}.</span>`;
}

interface Bar {
  name: string;
  at: number;
  from: number;
  to: number;
  /** Shares of the rows that have a value. */
  train: number;
  test: number;
}

function numberBars({ axis, train, test }: ColumnShape): Bar[] {
  const shares = [sharesOf(train.counts), sharesOf(test.counts)] as const;
  return barsOf(axis!).map(({ from, to, at }) => ({
    name: "",
    at,
    from,
    to,
    train: shares[0][at] ?? 0,
    test: shares[1][at] ?? 0,
  }));
}

function labelBars({ labels = [], train, test }: ColumnShape): Bar[] {
  const shares = [sharesOf(train.counts), sharesOf(test.counts)] as const;
  const names = [...labels.map((label, at) => axisLabel(label, at, 15)), "all others"];
  const bars = names.map((name, at) => ({
    name,
    at,
    from: 0,
    to: 0,
    train: shares[0][at] ?? 0,
    test: shares[1][at] ?? 0,
  }));
  return bars.filter(({ at, train: inTrain, test: inTest }) => at < labels.length || inTrain + inTest > 0);
}

function sharesOf(series: string): number[] {
  const counts = readSeries(series);
  const total = counts.reduce((sum, each) => sum + each, 0) || 1;
  return counts.map((each) => each / total);
}
