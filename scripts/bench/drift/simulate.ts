import type { IntervalPlan } from "../../../pipelines/evaluation/compare-metric.ts";
import { type Random, seededRandom } from "../../../pipelines/statistics/random.ts";
import type { DriftResult } from "../../../pipelines/watch/drift/drift-result.ts";
import type { Sample } from "../../../pipelines/watch/drift/evidently/sample.ts";
import { judgeDrift } from "../../../pipelines/watch/drift/judge-drift.ts";
import { measureMetric } from "../../../pipelines/watch/performance/measure-metric.ts";
import type { CurrentWindow, Distribution } from "../../../pipelines/watch/profile/distribution.ts";
import { fitProfile, type MetricLevel, type Profile } from "../../../pipelines/watch/profile/profile.ts";
import { countCodes, countNumbers, profileCodes, profileNumbers } from "./count-values.ts";
import { columnKinds, type DrawnColumn, normal } from "./draw-columns.ts";

/** A model of the simulation: its columns, and what each is worth. */
export interface SimulatedModel {
  columns: readonly DrawnColumn[];
  /** Shares, which fall by a quarter from one column to the next: of 20 columns five matter. */
  importance: readonly number[];
}

/** Columns by position: the values of one side. */
type Rows = readonly Float64Array[];

export function simulatedModel(columns: number, first: number): SimulatedModel {
  const kinds = Array.from({ length: columns }, (_, at) => columnKinds[(first + at) % columnKinds.length]!);
  const raw = kinds.map((_, at) => 0.75 ** at);
  const total = raw.reduce((sum, each) => sum + each, 0);
  return { columns: kinds, importance: raw.map((each) => each / total) };
}

/** Draws rows; the column at `shifted` drifts. */
function drawRows({ columns }: SimulatedModel, rows: number, random: Random, shifted: number | null): Rows {
  return columns.map((column, at) => {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = column.draw(random, at === shifted ? 1 : 0);
    return values;
  });
}

/** What the model predicts: a sum of the columns' effects by importance, bent, with what is no column's. */
function predict({ columns, importance }: SimulatedModel, rows: Rows, random: Random): Float64Array {
  return Float64Array.from({ length: rows[0]?.length ?? 0 }, (_, row) => {
    let sum = 0.1 * normal(random);
    for (let at = 0; at < columns.length; at++) sum += importance[at]! * columns[at]!.effect(rows[at]![row]!);
    return Math.tanh(sum);
  });
}

/** What the model predicts of rows, and what became of them. */
export interface SimulatedScores {
  rows: Rows;
  predictions: Float64Array;
  outcomes: Float64Array;
}

/** Draws rows, predicts them and draws their outcomes; the column at `shifted` drifts, what the model knows of it does not. */
export function drawScored(
  model: SimulatedModel,
  count: number,
  random: Random,
  shifted: number | null,
): SimulatedScores {
  const rows = drawRows(model, count, random, shifted);
  const predictions = predict(model, rows, random);
  return { rows, predictions, outcomes: predictions.map((each) => each + 0.2 * normal(random)) };
}

/** As registration makes it, but for the scan, which a test holds equal; the outcomes are those of a test split as large. */
export function profileOf(
  model: SimulatedModel,
  { rows, predictions, outcomes }: SimulatedScores,
  plan: IntervalPlan,
): Profile {
  const features = model.columns.map((column, at) => ({
    kind: column.kind === "numeric" ? ("number" as const) : ("category" as const),
    importance: model.importance[at]!,
    distribution:
      column.kind === "numeric" ? profileNumbers(`c${at}`, rows[at]!) : profileCodes(`c${at}`, codesOf(rows[at]!)),
  }));
  const prediction = profileNumbers("prediction", predictions);
  const performance = levelOf(predictions, outcomes, plan);
  const about = { format: 1, task: "regression", classes: [], target: "y", unwatched: 0, times: null } as const;
  return fitProfile({ ...about, performance, features, predictions: [prediction], outcome: prediction });
}

export function levelOf(predictions: Float64Array, outcomes: Float64Array, plan: IntervalPlan): MetricLevel | null {
  const predicted = { rows: predictions.length, classes: [], values: Float32Array.from(predictions) };
  const measured = measureMetric("mae", { task: "regression", values: outcomes }, predicted, 7, plan);
  return "problem" in measured ? null : measured;
}

function windowOf(profile: Profile, { rows, predictions }: SimulatedScores): CurrentWindow {
  const count = (reference: Distribution, values: Float64Array) => ({
    state: "counted" as const,
    distribution:
      reference.kind === "numeric" ? countNumbers(reference, values) : countCodes(reference, codesOf(values)),
  });
  return {
    rows: predictions.length,
    features: profile.features.map(({ distribution }, at) => count(distribution, rows[at]!)),
    predictions: profile.predictions.map((reference) => count(reference, predictions)),
    added: [],
  };
}

/** By the calibrated method, with labels where there is a plan to measure by; with no least number of rows, so that small windows are judged too. */
export function judgeCalibrated(profile: Profile, now: SimulatedScores, plan: IntervalPlan | null): DriftResult {
  const performance = plan ? levelOf(now.predictions, now.outcomes, plan) : null;
  return judgeDrift({ profile, window: windowOf(profile, now), performance, drift: { min_rows: 1, share: 0.3 } });
}

/** The columns and the prediction as Evidently's defaults take them. */
export function samplesOf({ columns }: SimulatedModel, { rows, predictions }: SimulatedScores): Sample[] {
  return [...columns.map(({ kind }, at) => sampleOf(kind, rows[at]!)), sampleOf("numeric", predictions)];
}

function sampleOf(kind: DrawnColumn["kind"], values: Float64Array): Sample {
  const present = values.filter((value) => !Number.isNaN(value));
  if (kind === "numeric") return { kind, values: present.sort() };
  const counts = new Map<string, number>();
  for (const value of present) counts.set(`c${value}`, (counts.get(`c${value}`) ?? 0) + 1);
  return { kind, counts };
}

export function codesOf(values: Float64Array): Int32Array {
  return Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : value));
}

/** How rows of a simulated feed depend on each other; nothing in it drifts. */
export interface Dependence {
  name: string;
  /** So many equal rows each. */
  repeated: number;
  /** What all rows of a day have in common, in standard deviations of a row, and how much of it stays to the next day. */
  day: number;
  stays: number;
  /** How far Saturdays and Sundays are from the other days; they have half of the rows. */
  weekend: number;
}

const none = { repeated: 1, day: 0, stays: 0, weekend: 0 };

export const dependences: readonly Dependence[] = [
  { ...none, name: "independent rows" },
  { ...none, name: "groups of 3 equal rows", repeated: 3 },
  { ...none, name: "groups of 10 equal rows", repeated: 10 },
  { ...none, name: "day effects of 0.1 sd", day: 0.1 },
  { ...none, name: "day effects of 0.3 sd", day: 0.3 },
  { ...none, name: "AR(1) days of 0.2 sd, 0.6 from day to day", day: 0.2, stays: 0.6 },
  { ...none, name: "weekly season of 0.5 sd", weekend: 0.5 },
];

/** Columns are thresholds or bends of a normal number, so that one effect moves all kinds. */
export const dependentKinds = ["normal", "log-normal", "categories", "counts", "normal"] as const;

const categoryBounds = [-0.25, 0.4, 1.05, 1.6];
const weights = [0.4, 0.3, 0.2, 0.06, 0.04];

function drawnValue(kind: (typeof dependentKinds)[number], latent: number): number {
  if (kind === "log-normal") return Math.exp(latent);
  if (kind === "categories") return categoryBounds.filter((bound) => latent > bound).length;
  return kind === "counts" ? Math.max(0, Math.round(3 + 1.7 * latent)) : latent;
}

/** One feed of a simulated model, week by week. */
export class Feed {
  readonly #dependence: Dependence;
  readonly #random: Random;
  readonly #rows: number;
  /** Of each column, what its rows of the day have in common. */
  readonly #effects = dependentKinds.map(() => 0);

  constructor(dependence: Dependence, rowsOfWeek: number, seed: number) {
    this.#dependence = dependence;
    this.#rows = rowsOfWeek;
    this.#random = seededRandom(seed, 23);
    for (const [at] of dependentKinds.entries()) this.#effects[at] = dependence.day * normal(this.#random);
  }

  /** The next week; its first column is shifted, in standard deviations. */
  week(shift = 0): SimulatedScores {
    const latents: number[][] = [];
    const noise: number[] = [];
    for (let day = 0; day < 7; day++) this.#addDay(day, shift, { latents, noise });
    const rows = dependentKinds.map((kind, at) => Float64Array.from(latents, (each) => drawnValue(kind, each[at]!)));
    const predictions = Float64Array.from(latents, (each) =>
      Math.tanh(each.reduce((sum, latent, at) => sum + weights[at]! * latent, 0)),
    );
    const outcomes = predictions.map((each, at) => each + 0.2 * noise[at]!);
    return { rows, predictions, outcomes };
  }

  #addDay(day: number, shift: number, into: { latents: number[][]; noise: number[] }): void {
    const { repeated, day: sd, stays, weekend } = this.#dependence;
    const random = this.#random;
    for (const [at, effect] of this.#effects.entries())
      this.#effects[at] = stays * effect + sd * Math.sqrt(1 - stays * stays) * normal(random);
    const isWeekend = day >= 5 && weekend > 0;
    const count = Math.round(this.#rows / (isWeekend ? 14 : 7) / repeated);
    for (let row = 0; row < count; row++) {
      const latent = this.#effects.map(
        (effect, at) => normal(random) + effect + (isWeekend ? weekend : 0) + (at === 0 ? shift : 0),
      );
      const error = normal(random);
      for (let copy = 0; copy < repeated; copy++) {
        into.latents.push(latent);
        into.noise.push(error);
      }
    }
  }
}

/** Weeks put together. */
export function joined(weeks: readonly SimulatedScores[]): SimulatedScores {
  const all = (of: (week: SimulatedScores) => Float64Array) => {
    const parts = weeks.map(of);
    const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let from = 0;
    for (const part of parts) {
      values.set(part, from);
      from += part.length;
    }
    return values;
  };
  return {
    rows: dependentKinds.map((_, at) => all(({ rows }) => rows[at]!)),
    predictions: all(({ predictions }) => predictions),
    outcomes: all(({ outcomes }) => outcomes),
  };
}
