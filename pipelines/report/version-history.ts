import { escapeMarkdown } from "../errors/inert-markdown.ts";
import { matchNumbers } from "../statistics/format-number.ts";
import { evenlySpread, sparkBars } from "../statistics/spark-bars.ts";
import { columnTable } from "./column-table.ts";
import type { ScoredVersion } from "./html/report-page.ts";
import { chartWithTable, xyChart } from "./markdown/xychart.ts";
import type { Fold } from "./model-charts.ts";

const mostShown = 20;

/**
 * The primary metric of a model's versions, as a line of text and a chart; `candidate` is what the report is about. null with
 * nothing to compare it with.
 */
export function historyFold(
  versions: readonly ScoredVersion[],
  { metric, value }: { metric: string; value: number | null },
): Fold | null {
  const scored = versions.flatMap((each) =>
    each.metric === metric && each.value !== null ? [{ ...each, value: each.value }] : [],
  );
  if (scored.length === 0 || (scored.length === 1 && value === null)) return null;
  const points = [
    ...scored.map((each) => ({ name: `v${each.version}`, value: each.value, note: noteOf(each) })),
    ...(value === null ? [] : [{ name: "candidate", value, note: "this report" }]),
  ];
  const shown = evenlySpread(points, mostShown);
  const [first, last] = [points[0]!, points.at(-1)!];
  const numbers = matchNumbers(points.map((each) => each.value));
  const named = escapeMarkdown(metric, 40);
  const line = `${named}: ${numbers.value(first.value)} (${first.name}) ${sparkBars(points.map((each) => each.value))} ${numbers.value(last.value)} (${last.name}). Each on the test rows of its own time.`;
  const chart = xyChart({
    title: `${metric} by version`,
    labels: shown.map(({ name }) => name),
    valueAxis: metric,
    series: [{ kind: "line", name: metric, values: shown.map((each) => each.value) }],
  });
  const table = columnTable<(typeof points)[number]>(
    [
      { header: "version", cell: ({ name }) => name },
      { header: named, align: "right", cell: (each) => numbers.value(each.value) },
      { header: "", cell: ({ note }) => note },
    ],
    shown,
  );
  const count = scored.length === 1 ? "1 version" : `${scored.length} versions`;
  return { title: `History: ${count}`, body: `${line}\n\n${chartWithTable(chart, table)}` };
}

function noteOf({ in_production, registered }: ScoredVersion): string {
  return `${escapeMarkdown(registered.slice(0, 10), 10)}${in_production ? ", in production" : ""}`;
}
