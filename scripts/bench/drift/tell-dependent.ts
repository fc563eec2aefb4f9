import { markdownTable } from "markdown-table";
import { xyChart } from "../../../pipelines/report/markdown/xychart.ts";
import { tellSection } from "../page.ts";
import { dependences } from "./draw-dependent.ts";
import { type DependentCell, runDependent } from "./run-dependent.ts";
import type { Rate } from "./run-grid.ts";
import { runSeason } from "./run-season.ts";

/** Simulates feeds of dependent rows, and shows what was found. */
export function tellDependent(years: number): void {
  const cells = (["key", "time"] as const).flatMap((split) =>
    dependences.map((dependence) => {
      const started = performance.now();
      const cell = runDependent(dependence, split, years);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      process.stderr.write(`${dependence.name}, split by ${split}: ${seconds} s\n`);
      return cell;
    }),
  );
  tellSection("Dependent rows, measured", dependentText(cells, years), "drift.md");
}

function dependentText(cells: readonly DependentCell[], years: number): string {
  const rows = cells.map(({ dependence, split, alarms, unaware, persistent, detected }) => [
    dependence,
    split,
    percent(alarms),
    percent(unaware),
    (persistent.count / persistent.of).toFixed(2),
    percent(detected),
  ]);
  const header = ["feed", "split by", "windows that alarm", "without the past", "lasting alarms a year", "found"];
  return [
    "`npm run bench:drift -- dependent --write`. Five columns (numbers, a skewed one, counts, categories) and a prediction, 600 rows a week, labels for all, a reference of 14 weeks, then a year of weeks in which nothing drifts. Goals: at most 5% of windows, at most 0.5 alarms a model-year that last (2 of 3 windows), at least 90% found.",
    `Each line is ${years} model-years. *Without the past* is the same judgement of the same windows, taking rows to be independent. *Found* are weeks in which the most important column is shifted by 0.3 standard deviations beyond what 95 of 100 days do (by 0.3, and twice the day effect), without labels; feeds of equal rows have then as many groups a week as the others have rows, because of 60 independent rows nobody sees so little.`,
    markdownTable([header, ...rows], { align: ["l", "l", "r", "r", "r", "r"] }),
    chartOf(cells.filter(({ split }) => split === "key")),
  ].join("\n\n");
}

function chartOf(cells: readonly DependentCell[]): string {
  const share = ({ count, of }: Rate) => Math.round((1000 * count) / of) / 10;
  const chart = xyChart({
    title: "Quiet windows that alarm (%), split by key: without the past, with it, 5%",
    labels: ["independent", "groups of 3", "groups of 10", "days 0.1", "days 0.3", "AR(1)", "weekly"],
    valueAxis: "windows, %",
    series: [
      { kind: "bar", name: "without the past", values: cells.map(({ unaware }) => share(unaware)) },
      { kind: "bar", name: "with the past", values: cells.map(({ alarms }) => share(alarms)) },
      { kind: "line", name: "5%", values: cells.map(() => 5) },
    ],
  });
  return chart ?? "";
}

const seasonalWeeks = 45;

/** Simulates feeds with a season that never changes, and shows what was found. */
export async function tellSeasons(): Promise<void> {
  const found = [];
  for (const seed of [1, 2]) found.push(await runSeason(seasonalWeeks, seed));
  const rows = found.map(({ alarms, unaware, detected }, at) => [
    String(at + 1),
    `${alarms.of - alarms.count} of ${alarms.of}`,
    `${unaware.of - unaware.count} of ${unaware.of}`,
    `${detected.count} of ${detected.of}`,
  ]);
  const header = ["run", "weeks clean", "by the whole reference", "shift of 0.5 found"];
  const text = [
    `\`npm run bench:drift -- seasons --write\`. Trained on two whole years of a season that never changes (an amplitude of one standard deviation in the most important feature), with the day of the year and the month among the features; ${seasonalWeeks} weeks of 840 rows follow, through the engine as in use. Goal: 43 of 45 clean. A shift of 0.5 on top of the season is looked for in every third week.`,
    markdownTable([header, ...rows], { align: ["r", "r", "r", "r"] }),
  ].join("\n\n");
  tellSection("Seasons, measured", text, "drift.md");
}

function percent({ count, of }: Rate): string {
  return `${((100 * count) / of).toFixed(1)}%`;
}
