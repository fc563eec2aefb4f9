import { markdownTable } from "markdown-table";
import { xyChart } from "../pipelines/report/markdown/xychart.ts";
import { formatCount, formatNumber, formatPercent } from "../pipelines/statistics/format-number.ts";
import { tellSection } from "./bench/page.ts";
import { type ErrorRate, shareOf } from "./bench/verdicts/errors.ts";
import { equalTries, groupedRows, judgedSlices, smallSamples } from "./bench/verdicts/intervals.ts";
import { type HeldOut, publicLeaks, reshuffled, tripledNoise } from "./bench/verdicts/public-leaks.ts";

/** Measures by simulation whether the premises of a verdict hold; `--write` puts the figures into docs/verdicts.md. */
async function main(): Promise<void> {
  const parts = [
    "`npm run bench:verdicts -- --write` simulates projects of known truth with fixed seeds, and lets the same code judge that judges candidates.",
    await timed("held out", heldOut),
    await timed("groups", groups),
    await timed("leaks", leaks),
    await timed("tries", tries),
    await timed("slices", slices),
    await timed("small samples", samples),
  ];
  tellSection("Figures", parts.join("\n\n"), "verdicts.md");
}

async function timed(name: string, measure: () => string | Promise<string>): Promise<string> {
  const started = performance.now();
  const told = await measure();
  process.stderr.write(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  return told;
}

const percent = (rate: ErrorRate) => formatPercent(shareOf(rate), 3);
const table = (rows: readonly (readonly string[])[]) =>
  markdownTable(
    rows.map((row) => [...row]),
    { align: ["l", ...(rows[0] ?? []).slice(1).map(() => "r")] },
  );

const projects = 8;

async function heldOut(): Promise<string> {
  const found: HeldOut[] = [];
  for (let seed = 1; seed <= projects; seed++) found.push(await reshuffled(seed));
  const mean = (of: (each: HeldOut) => number) => found.reduce((sum, each) => sum + of(each), 0) / projects;
  const blocked = (of: "all" | "left") => found.filter((each) => each[of].candidate >= each[of].production).length;
  const line = (name: string, of: "all" | "left") => [
    name,
    formatNumber(
      mean((each) => each[of].production),
      3,
    ),
    formatNumber(
      mean((each) => each[of].candidate),
      3,
    ),
    `${blocked(of)} of ${projects}`,
  ];
  return [
    `**Held out for both.** ${projects} projects of 4,000 rows: production has 400 trees and knows its rows by heart, the better candidate has 60, and its pull request splits by another seed, so that production was trained on ${formatPercent(
      mean(({ seen }) => seen),
      2,
    )} of the test rows. On its own test rows production's rmse is ${formatNumber(
      mean(({ honest }) => honest),
      3,
    )}.`,
    table([
      ["judged on", "production's rmse", "candidate's rmse", "candidates blocked"],
      line("all test rows", "all"),
      line("test rows that production does not know", "left"),
    ]),
  ].join("\n\n");
}

const noises = 4;

async function groups(): Promise<string> {
  const found: { copies: number; others: number }[] = [];
  for (let seed = 1; seed <= noises; seed++) found.push(await tripledNoise(seed));
  const mean = (of: "copies" | "others") => formatNumber(found.reduce((sum, each) => sum + each[of], 0) / noises, 2);
  const simulations = 600;
  const cells = [
    { groups: 60, size: 5 },
    { groups: 200, size: 5 },
    { groups: 60, size: 20 },
  ].map((each) => ({ ...each, ...groupedRows(each.groups, each.size, simulations) }));
  const chart = xyChart({
    title: "95% intervals that hold the true difference (%): single rows drawn, groups drawn, 95%",
    labels: cells.map(({ groups: count, size }) => `${count} groups of ${size}`),
    valueAxis: "of 100 intervals",
    series: [
      { kind: "bar", name: "single rows drawn", values: cells.map(({ byRow }) => 100 * shareOf(byRow)) },
      { kind: "bar", name: "groups drawn", values: cells.map(({ byGroup }) => 100 * shareOf(byGroup)) },
      { kind: "line", name: "95%", values: cells.map(() => 95) },
    ],
  });
  return [
    `**Rows that belong together.** Of equal models, the share of 95% intervals of the rmse that hold the true difference, when the errors of a group share half of their variance (${formatCount(simulations)} test sets each):`,
    table([
      ["", "single rows drawn", "groups drawn"],
      ...cells.map((each) => [
        `${each.groups} groups of ${each.size} rows`,
        percent(each.byRow),
        percent(each.byGroup),
      ]),
    ]),
    chart ?? "",
    `A target of noise whose rows are there three times, 300 trees, ${noises} projects of 6,000 rows: r2 ${mean("copies")} on the test rows that copy train rows, ${mean("others")} on the others.`,
  ].join("\n\n");
}

async function leaks(): Promise<string> {
  const { tables, targets, pairs, told } = await publicLeaks();
  return `**Features that are the target.** Each column of ${tables} public tables as a target, ${formatCount(targets)} in all, with the other columns as its features, ${formatCount(pairs)} in all. Told: ${told.length}, each a function of the feature or its equal by name (${byTable(told)}).`;
}

/** `species.csv 12, pizza.csv 2` */
function byTable(told: readonly string[]): string {
  const tables = Map.groupBy(told, (each) => each.split(":", 1)[0]!);
  return [...tables].map(([name, each]) => `${name} ${each.length}`).join(", ");
}

function tries(): string {
  const { knowing, unknowing } = equalTries(50, 300);
  return `**Reuse.** ${knowing.of} projects that try fifty candidates, each as good as production, on the same 100 test rows with \`superior\`: ${percent(unknowing)} pass one when the interval does not know of the others, ${percent(knowing)} as it is.`;
}

function slices(): string {
  const equal = judgedSlices(new Array<number>(20).fill(200), 0, 600);
  const worse = judgedSlices([1000, ...new Array<number>(19).fill(200)], 0.2, 150);
  return `**Slices.** Of equally good models with 20 slices of 200 rows, ${percent(equal.beyondLimit)} have a slice beyond \`max_regression: 10%\`, and ${percent(equal.any)} are blocked (${equal.any.of} simulations). A slice of 1,000 rows that is worse by 20% among 19 of 200 is found in ${percent(worse.first)} (${worse.first.of} simulations).`;
}

function samples(): string {
  const simulations = 1500;
  const cell = (metric: string, tail: "normal" | "t3") => percent(smallSamples(metric, tail, simulations));
  return [
    `**Small and heavy-tailed samples.** The share of 95% intervals that hold the true difference, 100 test rows, ${formatCount(simulations)} test sets each:`,
    table([
      ["", "t3 errors", "normal errors"],
      ...["rmse", "mae"].map((metric) => [metric, cell(metric, "t3"), cell(metric, "normal")]),
    ]),
  ].join("\n\n");
}

await main();
