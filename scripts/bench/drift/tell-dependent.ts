import { markdownTable } from "markdown-table";
import { type IntervalPlan, planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import { xyChart } from "../../../pipelines/report/markdown/xychart.ts";
import { judgeDrift } from "../../../pipelines/watch/drift/judge-drift.ts";
import { persistentOutcome } from "../../../pipelines/watch/drift/persistence.ts";
import { type Distribution, sketched } from "../../../pipelines/watch/profile/distribution.ts";
import { type ColumnPast, noPast } from "../../../pipelines/watch/profile/past/past.ts";
import { lossSpread, spreadOf } from "../../../pipelines/watch/profile/past/spread-of.ts";
import type { Profile } from "../../../pipelines/watch/profile/profile.ts";
import { tellSection } from "../page.ts";
import { countCodes, countNumbers, profileCodes, profileNumbers } from "./count-values.ts";
import type { Rate } from "./run-grid.ts";
import { runSeason } from "./run-season.ts";
import {
  codesOf,
  type Dependence,
  dependences,
  dependentKinds,
  Feed,
  joined,
  levelOf,
  type SimulatedScores,
} from "./simulate.ts";

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

const rowsOfWeek = 600;
const referenceWeeks = 14;
const importance = [0.4, 0.3, 0.2, 0.06, 0.04];

interface DependentCell {
  dependence: string;
  split: "key" | "time";
  /** Windows that alarm although nothing drifts; without the past, as mergeml judged before, too. */
  alarms: Rate;
  unaware: Rate;
  /** Times that drift began to persist, of so many model-years. */
  persistent: Rate;
  /** Windows found with a shift of 0.3 and the day effect. */
  detected: Rate;
}

/** Years of a quiet feed, week by week against a reference of 14 weeks, and as many weeks with a shift. */
export function runDependent(dependence: Dependence, split: "key" | "time", years: number): DependentCell {
  const cell: DependentCell = { dependence: dependence.name, split, ...rates() };
  const plan = planIntervals(rowsOfWeek, 0, 0.95, 7);
  for (let year = 0; year < years; year++) {
    const feed = new Feed(dependence, rowsOfWeek, 1 + year * 7919 + Math.round(1000 * dependence.day));
    const weeks = Array.from({ length: referenceWeeks }, () => feed.week());
    const profile = dependentProfile(weeks, split, plan);
    const unaware = withoutPast(profile);
    const outcomes: ("drift" | "clean")[] = [];
    let lasting = false;
    for (let week = 0; week < 52; week++) {
      const now = feed.week();
      const drifts = judgeWeek(profile, now, plan);
      tally(cell.alarms, drifts);
      tally(cell.unaware, judgeWeek(unaware, now, plan));
      outcomes.unshift(drifts ? "drift" : "clean");
      const persistent = persistentOutcome(outcomes, { needed: 2, of: 3 });
      if (persistent === "drift" && !lasting) cell.persistent.count += 1;
      if (persistent !== "undecided") lasting = persistent === "drift";
    }
    cell.persistent.of += 1;
    detect(cell.detected, dependence, { split, year, plan });
  }
  return cell;
}

/** A shift of 0.3 beyond what 95 of 100 days do, in a feed of as many groups as others have rows: of 60 a week nothing so small is seen. */
function detect(
  rate: Rate,
  dependence: Dependence,
  { split, year, plan }: { split: "key" | "time"; year: number; plan: IntervalPlan },
): void {
  const feed = new Feed(dependence, rowsOfWeek * dependence.repeated, 5 + year * 7919);
  const weeks = Array.from({ length: referenceWeeks }, () => feed.week());
  const profile = dependentProfile(weeks, split, plan);
  for (let week = 0; week < 6; week++) tally(rate, judgeWeek(profile, feed.week(0.3 + 2 * dependence.day), null));
}

function rates(): Pick<DependentCell, "alarms" | "unaware" | "persistent" | "detected"> {
  const none = () => ({ count: 0, of: 0 });
  return { alarms: none(), unaware: none(), persistent: none(), detected: none() };
}

function tally(rate: Rate, happened: boolean): void {
  rate.of += 1;
  if (happened) rate.count += 1;
}

function withoutPast(profile: Profile): Profile {
  const features = profile.features.map(({ kind, importance: share, distribution }) => ({
    kind,
    importance: share,
    distribution,
  }));
  const { past: _, ...rest } = profile;
  return { ...rest, features };
}

type Side = readonly SimulatedScores[];

/** By key every fifth row is the test split's; by time the last fifth of the weeks is. */
function sides(weeks: Side, split: "key" | "time"): { train: Side; test: Side } {
  if (split === "time") {
    const cut = Math.round(weeks.length * 0.8);
    return { train: weeks.slice(0, cut), test: weeks.slice(cut) };
  }
  const share = (keep: (row: number) => boolean) =>
    weeks.map(({ rows, predictions, outcomes }) => ({
      rows: rows.map((values) => values.filter((_, row) => keep(row))),
      predictions: predictions.filter((_, row) => keep(row)),
      outcomes: outcomes.filter((_, row) => keep(row)),
    }));
  return { train: share((row) => row % 5 !== 0), test: share((row) => row % 5 === 0) };
}

function dependentProfile(weeks: Side, split: "key" | "time", plan: IntervalPlan): Profile {
  const { train, test } = sides(weeks, split);
  const all = joined(train);
  const tested = joined(test);
  const features = dependentKinds.map((kind, at) => {
    const name = `c${at}`;
    const isCategory = kind === "categories";
    const distribution = isCategory ? profileCodes(name, codesOf(all.rows[at]!)) : profileNumbers(name, all.rows[at]!);
    const past = pastOf(
      distribution,
      train.map(({ rows }) => rows[at]!),
    );
    return {
      kind: isCategory ? ("category" as const) : ("number" as const),
      importance: importance[at]!,
      distribution,
      past,
    };
  });
  const prediction = profileNumbers("prediction", tested.predictions);
  const losses = test.map(({ predictions, outcomes }) =>
    predictions.map((each, row) => Math.abs(each - outcomes[row]!)),
  );
  const past = {
    window: 7 * 24 * 3_600_000,
    predictions: [
      pastOf(
        prediction,
        test.map(({ predictions }) => predictions),
      ),
    ],
    performance: lossSpread(losses.map((week) => daysOf(week).map(momentsOf))),
  };
  const about = { format: 1, task: "regression", classes: [], target: "y", unwatched: 0, times: null } as const;
  const performance = levelOf(tested.predictions, tested.outcomes, plan);
  return { ...about, performance, features, predictions: [prediction], outcome: prediction, past };
}

/** In seven parts; where a weekend has fewer rows they are not quite its days. */
function daysOf(week: Float64Array): Float64Array[] {
  const at = (day: number) => Math.round((day * week.length) / 7);
  return Array.from({ length: 7 }, (_, day) => week.subarray(at(day), at(day + 1)));
}

function momentsOf(values: Float64Array): { rows: number; mean: number; variance: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length;
  return { rows: values.length, mean, variance };
}

function pastOf(finest: Distribution, weeks: readonly Float64Array[]): ColumnPast {
  const whole = sketched(finest);
  const count = (values: Float64Array) =>
    whole.kind === "numeric" ? countNumbers(whole, values) : countCodes(whole, codesOf(values));
  return { ...noPast, spread: spreadOf(weeks.map((week) => daysOf(week).map(count))) };
}

function judgeWeek(profile: Profile, now: SimulatedScores, plan: IntervalPlan | null): boolean {
  const count = (reference: Distribution, values: Float64Array) => ({
    state: "counted" as const,
    distribution:
      reference.kind === "numeric" ? countNumbers(reference, values) : countCodes(reference, codesOf(values)),
  });
  const window = {
    rows: now.predictions.length,
    features: profile.features.map(({ distribution }, at) => count(distribution, now.rows[at]!)),
    predictions: profile.predictions.map((reference) => count(reference, now.predictions)),
    added: [],
  };
  const performance = plan ? levelOf(now.predictions, now.outcomes, plan) : null;
  return judgeDrift({ profile, window, performance, drift: { min_rows: 1, share: 0.3 } }).outcome === "drift";
}
