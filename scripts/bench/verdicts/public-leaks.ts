import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openSession, quoteName, quoteText } from "../../../pipelines/data/engines/tables.ts";
import type { FeatureColumn, Target } from "../../../pipelines/data/table.ts";
import { findLeaks } from "../../../pipelines/evaluation/leak.ts";

/** What is told of public tables, whose every column in turn is the target and all others are its features. */
export interface PublicLeaks {
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
