import { escapeMarkdown } from "../../errors/inert-markdown.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import type { ColumnDrift, DriftResult, ShapeBar } from "../../watch/drift/drift-result.ts";
import type { ModelDrift } from "../../watch/drift/model-drift.ts";
import { columnTable } from "../column-table.ts";
import { chartWithTable } from "../markdown/chart-with-table.ts";
import { detailsBlock } from "../markdown/fence.ts";
import { xyChart } from "../markdown/xychart.ts";
import { percent } from "./moved-words.ts";

const [shownShapes, shownStatistics] = [3, 30];

/** Folded parts: the worst drifting columns then and now, and every statistic. */
export function columnFolds({ result, version }: ModelDrift): string[] {
  const columns = [...result.predictions, ...result.features];
  const drifting = columns.filter(({ verdict, shape }) => verdict === "drift" && shape.length > 1);
  const shapes = drifting.slice(0, shownShapes).map((column) => shapeText(column, version));
  return [
    ...(shapes.length > 0 ? [detailsBlock("Then and now: the worst columns", shapes.join("\n\n"))] : []),
    detailsBlock("All statistics", statisticsTable(columns, result)),
  ];
}

function shapeText({ name, shape }: ColumnDrift, version: number): string {
  const chart = xyChart({
    title: `${name}: the window (bars) and the data of v${version} (line), % of the rows`,
    labels: shape.map(({ label }) => label.replace(/^≤ /, "to ").replace(/^> /, "over ")),
    valueAxis: "%",
    series: [
      { kind: "bar", name: "window", values: shape.map(({ current }) => current * 100) },
      { kind: "line", name: `v${version}`, values: shape.map(({ reference }) => reference * 100) },
    ],
  });
  const table = columnTable<ShapeBar>(
    [
      { header: escapeMarkdown(name, 60), cell: ({ label }) => escapeMarkdown(label, 40) || "(blank)", keep: true },
      { header: `v${version}`, align: "right", cell: ({ reference }) => percent(reference) },
      { header: "window", align: "right", cell: ({ current }) => percent(current) },
    ],
    shape,
  );
  return chartWithTable(chart, table);
}

function statisticsTable(columns: readonly ColumnDrift[], { alpha }: DriftResult): string {
  const number = (value: number | undefined | null) => (value == null ? "" : formatNumber(value, 3));
  const table = columnTable<ColumnDrift>(
    [
      { header: "column", cell: ({ name }) => escapeMarkdown(name, 60), keep: true },
      { header: "Wasserstein", align: "right", cell: ({ statistics }) => number(statistics.wasserstein) },
      { header: "KS", align: "right", cell: ({ statistics }) => number(statistics.ks?.statistic) },
      {
        header: "total variation",
        align: "right",
        cell: ({ statistics }) => number(statistics.totalVariation?.corrected),
      },
      { header: "χ²", align: "right", cell: ({ statistics }) => number(statistics.chiSquare?.statistic) },
      { header: "Jensen-Shannon", align: "right", cell: ({ statistics }) => number(statistics.jensenShannon) },
      { header: "PSI", align: "right", cell: ({ statistics }) => number(statistics.psi) },
      { header: "p", align: "right", cell: ({ p }) => number(p) },
      { header: "adjusted p", align: "right", cell: ({ adjusted }) => number(adjusted) },
    ],
    columns.slice(0, shownStatistics),
  );
  const more = columns.length - shownStatistics;
  const first = more > 0 ? ` The first ${shownStatistics} of ${columns.length} columns; \`--json\` has them all.` : "";
  return `${table}\n\nThe adjusted p counts (Benjamini-Hochberg over all columns, against ${alpha}).${first}`;
}
