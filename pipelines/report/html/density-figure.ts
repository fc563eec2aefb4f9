import { type Axis, readSeries, type Series } from "../../evaluation/pictures/pictures.ts";
import { formatCount } from "../../statistics/format-number.ts";
import type { Facts } from "../page/facts.ts";
import { figure } from "../page/figure.ts";
import { type Html, html } from "../page/html.ts";
import type { Plots } from "../page/plots.ts";

/** An axis with its place in the record. */
type LabelledAxis = Axis & { label: string; path: string };

export interface DensityParts {
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
export function densityFigure({ plots, facts }: { plots: Plots; facts: Facts }, parts: DensityParts): Html {
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
