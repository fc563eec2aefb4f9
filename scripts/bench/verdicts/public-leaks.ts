import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openSession, quoteName, quoteText } from "../../../pipelines/data/engines/tables.ts";
import type { FeatureColumn, Table, Target } from "../../../pipelines/data/table.ts";
import { findLeaks } from "../../../pipelines/evaluation/leak.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { findTrainer } from "../../../pipelines/training/trainers.ts";
import { drawFrom } from "./errors.ts";

/** What is told of public tables, whose every column in turn is the target and all others are its features. */
interface PublicLeaks {
  tables: number;
  targets: number;
  pairs: number;
  /** `file: target from feature`. */
  told: string[];
}

const modules = join(import.meta.dirname, "../../../node_modules");
const folders = ["vega-datasets/data", "@observablehq/sample-datasets"].map((folder) => join(modules, folder));
const mostRows = 20_000;

/** Looks for leaks in each CSV and Parquet file of the packages with example data; of large ones in 20,000 rows. */
export async function publicLeaks(): Promise<PublicLeaks> {
  const found: PublicLeaks = { tables: 0, targets: 0, pairs: 0, told: [] };
  using session = await openSession({ readable: folders });
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter((name) => /\.(csv|parquet)$/.test(name))) {
      const from = `${/csv$/.test(file) ? "read_csv" : "read_parquet"}(${quoteText(join(folder, file))})`;
      const columns = (await session.columns(`SELECT * FROM ${from}`)).filter(({ kind }) =>
        ["boolean", "integer", "decimal", "double", "text"].includes(kind),
      );
      const values = columns.map(({ name, kind }) =>
        kind === "text" ? quoteName(name) : `CAST(${quoteName(name)} AS DOUBLE) AS ${quoteName(name)}`,
      );
      if (values.length < 2) continue;
      const rows = await session.rows(
        `SELECT ${values.join(", ")} FROM (FROM ${from} USING SAMPLE reservoir(${mostRows} ROWS) REPEATABLE (1))`,
      );
      lookAt(file, rows, found);
    }
  }
  return found;
}

function lookAt(file: string, rows: readonly Record<string, unknown>[], found: PublicLeaks): void {
  const names = Object.keys(rows[0] ?? {});
  const before = found.targets;
  for (const name of names) {
    const target = targetOf(rows.map((row) => row[name]));
    if (target === null) continue;
    const features = names.filter((other) => other !== name).map((other) => featureOf(other, rows));
    found.targets += 1;
    found.pairs += features.length;
    const leaks = findLeaks({ rows: rows.length, features, target });
    found.told.push(...leaks.map(({ feature }) => `${file}: ${name} from ${feature}`));
  }
  if (found.targets > before) found.tables += 1;
}

/** A number of many values is predicted, and else what has two to thirty classes. */
function targetOf(values: readonly unknown[]): Target | null {
  const distinct = [...new Set(values)];
  if (distinct.length > 10 && values.every((value) => Number.isFinite(value)))
    return { task: "regression", values: Float64Array.from(values as number[]) };
  if (distinct.length < 2 || distinct.length > 30) return null;
  const classes = distinct.map(String);
  const codeOf = new Map(distinct.map((value, code) => [value, code]));
  return { task: "classification", classes, codes: Int32Array.from(values, (value) => codeOf.get(value)!) };
}

function featureOf(name: string, rows: readonly Record<string, unknown>[]): FeatureColumn {
  const values = rows.map((row) => row[name]);
  if (!values.some((value) => typeof value === "string"))
    return {
      name,
      kind: "number",
      values: Float32Array.from(values, (value) => (value as number | null) ?? Number.NaN),
    };
  const levels = [...new Set(values.map((value) => (value === null ? "" : String(value))))].sort();
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  const codes = Int32Array.from(values, (value) => codeOf.get(value === null ? "" : String(value))!);
  return { name, kind: "category", levels, codes };
}

/** Root mean squared errors of one simulated project. */
export interface HeldOut {
  /** Share of the candidate's test rows that production was trained on. */
  seen: number;
  /** On all test rows of the candidate's split, on those that production does not know, and on production's own test rows. */
  all: { candidate: number; production: number };
  left: { candidate: number; production: number };
  honest: number;
}

const [rows, features, testShare] = [4000, 6, 0.2];

/**
 * A production of 400 trees that knows its rows by heart and a candidate of 60, whose pull request also splits by another
 * seed: 4,000 rows of six features, a smooth signal and noise of 2.
 */
export async function reshuffled(seed: number): Promise<HeldOut> {
  const draw = drawFrom(seed);
  const x = Array.from({ length: features }, () => Float32Array.from({ length: rows }, () => 10 * draw.uniform()));
  const y = Float64Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = x.map((column) => column[row]!) as [number, number, number];
    return 2 * a + Math.sin(b) * 3 + (c > 5 ? 2 : 0) + 2 * draw.normal();
  });
  const [before, after] = [0, 1].map(() =>
    Uint8Array.from({ length: rows }, () => (draw.uniform() < testShare ? 1 : 0)),
  );
  const production = await predict(x, y, rowsOf(before!, 0), { trees: 400, max_leaves: 63, min_rows_per_leaf: 3 });
  const candidate = await predict(x, y, rowsOf(after!, 0), { trees: 60 });
  const test = rowsOf(after!, 1);
  const left = test.filter((row) => before![row] === 1);
  const scores = (on: readonly number[]) => ({
    candidate: rmse(candidate, y, on),
    production: rmse(production, y, on),
  });
  return {
    seen: 1 - left.length / test.length,
    all: scores(test),
    left: scores(left),
    honest: rmse(production, y, rowsOf(before!, 1)),
  };
}

/** The r2 of 300 trees on a target of noise whose rows are there three times, on the test rows that copy train rows and on the others. */
export async function tripledNoise(seed: number, people = 2000): Promise<{ copies: number; others: number }> {
  const draw = drawFrom(seed);
  const person = Int32Array.from({ length: 3 * people }, (_, row) => Math.floor(row / 3));
  const own = Array.from({ length: features }, () => Float32Array.from({ length: people }, () => draw.normal()));
  const [target = own[0]!, ...x] = own.map((values) => Float64Array.from(person, (each) => values[each]!));
  const isTest = Uint8Array.from(person, () => (draw.uniform() < testShare ? 1 : 0));
  const y = Float64Array.from(target);
  const columns = x.map((values) => Float32Array.from(values));
  const predicted = await predict(columns, y, rowsOf(isTest, 0), { trees: 300, min_rows_per_leaf: 2 });
  const learned = new Set(rowsOf(isTest, 0).map((row) => person[row]!));
  const on = (copy: boolean) => rowsOf(isTest, 1).filter((row) => learned.has(person[row]!) === copy);
  return { copies: r2(predicted, y, on(true)), others: r2(predicted, y, on(false)) };
}

function rowsOf(isTest: Uint8Array, side: 0 | 1): number[] {
  return [...isTest.keys()].filter((row) => isTest[row] === side);
}

/** Predictions for all rows of a model that was trained on some. */
async function predict(
  x: readonly Float32Array[],
  y: Float64Array,
  train: readonly number[],
  params: Record<string, number>,
): Promise<Float32Array> {
  const trainer = findTrainer("gradient-boosting");
  const defaults = Object.entries(trainer.paramsSchema.properties).map(([name, schema]) => [name, schema.default!]);
  const columns = (some: readonly number[]) =>
    x.map((values, at) => ({
      name: `x${at}`,
      kind: "number" as const,
      values: Float32Array.from(some, (row) => values[row]!),
    }));
  const table: Table = {
    rows: train.length,
    features: columns(train),
    target: { task: "regression", values: Float64Array.from(train, (row) => y[row]!) },
  };
  const given = { task: "regression" as const, seed: 1, threads: 1, log: silentLog };
  const model = await trainer.train({ ...given, table, params: { ...Object.fromEntries(defaults), ...params } });
  return model.predict(columns([...y.keys()])).values;
}

function rmse(predicted: Float32Array, y: Float64Array, on: readonly number[]): number {
  return Math.sqrt(on.reduce((sum, row) => sum + (predicted[row]! - y[row]!) ** 2, 0) / on.length);
}

function r2(predicted: Float32Array, y: Float64Array, on: readonly number[]): number {
  const mean = on.reduce((sum, row) => sum + y[row]!, 0) / on.length;
  const spread = on.reduce((sum, row) => sum + (y[row]! - mean) ** 2, 0) / on.length;
  return 1 - rmse(predicted, y, on) ** 2 / spread;
}
