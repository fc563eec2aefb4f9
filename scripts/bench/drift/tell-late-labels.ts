import { markdownTable } from "markdown-table";
import { planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { judgeDrift } from "../../../pipelines/watch/drift/judge-drift.ts";
import { judgeLateLabels, type LabelledCheck } from "../../../pipelines/watch/drift/late-labels.ts";
import { measureMetric } from "../../../pipelines/watch/performance/measure-metric.ts";
import type { MetricLevel, Profile } from "../../../pipelines/watch/profile/profile.ts";
import { tellSection } from "../page.ts";
import { normal } from "./draw-columns.ts";
import type { Rate } from "./run-grid.ts";

/** Simulates models whose positives are labelled at once and the other rows two windows later, and shows what is made of them. */
export function tellLateLabels(models: number): void {
  const { hasty, alarms, detected } = runLateLabels(models);
  const rows = [
    ["alarms of a model that is as good as it was, judged by whatever labels there are", percent(hasty)],
    ["the same, judged once 80% have arrived (`drift.label_share`)", percent(alarms)],
    ["models that broke are found by the first window whose labels have arrived", percent(detected)],
  ];
  const text = [
    `\`npm run bench:drift -- labels --write\`. ${models} classifiers with windows of 1,500 rows, whose positives are told at once and all else two windows later.`,
    markdownTable([["what", "how often"], ...rows], { align: ["l", "r"] }),
  ].join("\n\n");
  tellSection("Late labels, measured", text, "drift.md");
}

function percent({ count, of }: Rate): string {
  return `${((100 * count) / of).toFixed(1)}%`;
}

const rowsOfWindow = 1500;
const plan = planIntervals(rowsOfWindow, 2, 0.95, 7);

/** Rows of a classifier of two classes: what it says of each, and what is true. */
interface Window {
  probabilities: Float32Array;
  positive: boolean[];
}

/** A model that is right about its probabilities, or, when `broken`, thinks the opposite of every fourth row. */
function drawWindow(seed: number, broken: boolean): Window {
  const random = seededRandom(seed, 41);
  const probabilities = new Float32Array(rowsOfWindow * 2);
  const positive: boolean[] = [];
  for (let row = 0; row < rowsOfWindow; row++) {
    const truth = 1 / (1 + Math.exp(2 - 1.5 * normal(random)));
    const said = broken && row % 4 === 0 ? 1 - truth : truth;
    probabilities[2 * row] = 1 - said;
    probabilities[2 * row + 1] = said;
    positive.push((random() + 0.5) / 4294967296 < truth);
  }
  return { probabilities, positive };
}

function levelOf({ probabilities, positive }: Window, isKnown: (row: number) => boolean): MetricLevel | null {
  const rows = positive.flatMap((_, row) => (isKnown(row) ? [row] : []));
  const values = Float32Array.from(rows.flatMap((row) => [probabilities[2 * row]!, probabilities[2 * row + 1]!]));
  const codes = Int32Array.from(rows, (row) => (positive[row] ? 1 : 0));
  const classes = ["no", "yes"];
  const predictions = { rows: rows.length, classes, values };
  const level = measureMetric("log_loss", { task: "classification", codes, classes }, predictions, 7, plan);
  return "problem" in level ? null : level;
}

/** What a window's check finds when positives are told at once and the rest `delay` windows later. */
function checkOf(window: Window, reference: MetricLevel, age: number, delay: number): LabelledCheck {
  const isKnown = (row: number) => age >= delay || window.positive[row]!;
  const known = window.positive.filter((_, row) => isKnown(row)).length;
  const about = { format: 1, task: "classification", classes: ["no", "yes"], target: "y", times: null } as const;
  const outcome = {
    name: "y",
    kind: "category",
    rows: 0,
    missing: 0,
    categories: [],
    other: 0,
    unlisted: [],
    buckets: null,
  } as const;
  const profile: Profile = { ...about, unwatched: 0, features: [], predictions: [], outcome, performance: reference };
  const result = judgeDrift({
    profile,
    window: { rows: rowsOfWindow, features: [], predictions: [], added: [] },
    performance: levelOf(window, isKnown),
    drift: { min_rows: 100, share: 0.3 },
  });
  const labels = { known, late: 0, missing: rowsOfWindow - known, duplicated: 0, problem: null };
  return { result, labels, labelled: null };
}

interface LateLabels {
  /** Newest windows that alarm although the model is as good as it was; and judged by whatever labels there are. */
  alarms: Rate;
  hasty: Rate;
  /** Of models that broke `delay` windows ago: those that are found. */
  detected: Rate;
}

/** Models whose positives are labelled at once and the other rows two windows later. */
export function runLateLabels(models: number): LateLabels {
  const delay = 2;
  const found: LateLabels = { alarms: none(), hasty: none(), detected: none() };
  for (let model = 0; model < models; model++) {
    const seed = 1 + model * 1009;
    const reference = levelOf(drawWindow(seed, false), () => true)!;
    const spans = Array.from({ length: 4 }, (_, at) => ({ from: String(at), to: String(at + 1) }));
    const check = (brokenFrom: number) =>
      spans.map((_, age) => checkOf(drawWindow(seed + age + 1, age < brokenFrom), reference, age, delay));
    const quiet = check(0);
    tally(found.hasty, quiet[0]!.result.outcome === "drift");
    tally(found.alarms, judgeLateLabels(quiet, spans, 0.8).checks[0]!.result.outcome === "drift");
    tally(found.detected, judgeLateLabels(check(delay + 1), spans, 0.8).checks[0]!.result.outcome === "drift");
  }
  return found;
}

function none(): Rate {
  return { count: 0, of: 0 };
}

function tally(rate: Rate, happened: boolean): void {
  rate.of += 1;
  if (happened) rate.count += 1;
}
