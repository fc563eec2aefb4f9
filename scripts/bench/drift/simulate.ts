import { judgeDrift } from "../../../pipelines/drift/calibrated/judge-drift.ts";
import type { CurrentWindow } from "../../../pipelines/drift/current-window.ts";
import type { Distribution } from "../../../pipelines/drift/distribution.ts";
import type { DriftResult } from "../../../pipelines/drift/drift-result.ts";
import { fitProfile } from "../../../pipelines/drift/profile/fit-profile.ts";
import type { Profile } from "../../../pipelines/drift/profile/profile.ts";
import type { Random } from "../../../pipelines/evaluation/random.ts";
import { countCodes, countNumbers, profileCodes, profileNumbers } from "./count-values.ts";
import { type ColumnKind, columnKinds, normal } from "./draw-columns.ts";

/** A model of the simulation: its columns, and what each is worth. */
export interface SimulatedModel {
  columns: readonly ColumnKind[];
  /** Shares, which fall by a quarter from one column to the next: of 20 columns five matter. */
  importance: readonly number[];
}

/** Columns by position: the values of one side. */
export type Rows = readonly Float64Array[];

export function modelOf(columns: number, first: number): SimulatedModel {
  const kinds = Array.from({ length: columns }, (_, at) => columnKinds[(first + at) % columnKinds.length]!);
  const raw = kinds.map((_, at) => 0.75 ** at);
  const total = raw.reduce((sum, each) => sum + each, 0);
  return { columns: kinds, importance: raw.map((each) => each / total) };
}

/** Draws rows; the column at `shifted` drifts. */
export function drawRows({ columns }: SimulatedModel, rows: number, random: Random, shifted: number | null): Rows {
  return columns.map((column, at) => {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = column.draw(random, at === shifted ? 1 : 0);
    return values;
  });
}

/** What the model predicts: a sum of the columns' effects by importance, bent, with what is no column's. */
export function predict({ columns, importance }: SimulatedModel, rows: Rows, random: Random): Float64Array {
  return Float64Array.from({ length: rows[0]?.length ?? 0 }, (_, row) => {
    let sum = 0.1 * normal(random);
    for (let at = 0; at < columns.length; at++) sum += importance[at]! * columns[at]!.effect(rows[at]![row]!);
    return Math.tanh(sum);
  });
}

export function profileOf(model: SimulatedModel, rows: Rows, predictions: Float64Array): Profile {
  const features = model.columns.map((column, at) => ({
    kind: column.kind === "numeric" ? ("number" as const) : ("category" as const),
    importance: model.importance[at]!,
    distribution:
      column.kind === "numeric" ? profileNumbers(`c${at}`, rows[at]!) : profileCodes(`c${at}`, codesOf(rows[at]!)),
  }));
  const prediction = profileNumbers("prediction", predictions);
  const about = { format: 1, task: "regression", classes: [], target: "y", unwatched: 0, performance: null } as const;
  return fitProfile({ ...about, features, predictions: [prediction], outcome: prediction });
}

export function windowOf(profile: Profile, rows: Rows, predictions: Float64Array): CurrentWindow {
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

/** By the calibrated method; with no least number of rows, so that small windows are judged too. */
export function judgeCalibrated(profile: Profile, window: CurrentWindow): DriftResult {
  return judgeDrift({ profile, window, performance: null, drift: { min_rows: 1, share: 0.3 } });
}

function codesOf(values: Float64Array): Int32Array {
  return Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : value));
}
