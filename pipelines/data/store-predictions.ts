import { join } from "node:path";
import { EnvironmentError } from "../errors/expected-error.ts";
import type { DatasetRef, DatasetStore } from "./dataset-store.ts";
import { digestAggregates, digestOf, rowHash } from "./engines/canonical-row.ts";
import type { ColumnKind, Session } from "./engines/session.ts";
import { machineError, openFrugalSession, quoteName, quoteText, tableDialect } from "./engines/tables.ts";
import { fingerprint } from "./fingerprint.ts";
import { openScores, type PredictedColumn, predictedColumns } from "./scores-table.ts";

/** Scores of N rows: [N] for a regression, [N, k] row-major probabilities for k classes. */
export interface ScoredRows {
  rows: number;
  /** Empty for a regression. */
  classes: readonly string[];
  values: Float32Array;
}

/**
 * Stores what a model predicted on a test split, beside what was true: the key columns (`row` without any), the target, and
 * `prediction`, or `label` and `probability_<class>`. In the split's row order. The same predictions are stored once.
 */
export async function storePredictions(
  store: DatasetStore,
  test: DatasetRef,
  keep: readonly string[],
  target: string,
  predictions: ScoredRows,
): Promise<DatasetRef> {
  const width = Math.max(1, predictions.classes.length);
  if (predictions.rows !== test.rows || predictions.values.length !== test.rows * width)
    throw wrongRows(test, predictions);
  const source = await store.path(test.fingerprint);
  await using staging = await store.staging();
  const file = join(staging.path, "predictions.parquet");
  using session = await openFrugalSession({
    readable: [],
    writable: [source, file],
    spill: join(staging.path, "spill"),
  });
  try {
    const scores = await openScores(session, width);
    try {
      scores.append(predictions.values);
    } finally {
      scores.close();
    }
    const columns = resultColumns(test, keep, target, predictions.classes);
    const ref = await writeJoined(session, source, file, columns);
    await store.putParquet(ref.fingerprint, ref, file);
    return ref;
  } catch (error) {
    throw machineError(error, `to store the predictions in ${staging.path}`) ?? error;
  }
}

function wrongRows(test: DatasetRef, { rows }: ScoredRows): EnvironmentError {
  return new EnvironmentError(`the model predicted ${rows} rows, but the test split has ${test.rows}`, {
    tried: "to store its predictions",
    safe: "nothing was stored",
  });
}

function resultColumns(
  test: DatasetRef,
  keep: readonly string[],
  target: string,
  classes: readonly string[],
): PredictedColumn[] {
  const typeOf = (name: string) => test.columns.find((column) => column.name === name)?.type ?? "text";
  const kept = [...keep, target].map((name) => ({ name, type: typeOf(name), sql: `split.${quoteName(name)}` }));
  const row = keep.length > 0 ? [] : [{ name: "row", type: "integer", sql: "scores.r" }];
  const columns: PredictedColumn[] = [...row, ...kept];
  const names = columns.map(({ name }) => name);
  return [...columns, ...predictedColumns(classes, names)];
}

async function writeJoined(
  session: Session,
  source: string,
  file: string,
  columns: readonly PredictedColumn[],
): Promise<DatasetRef> {
  const selected = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(", ");
  await session.run(`CREATE TEMP TABLE predicted AS SELECT scores.r AS mergeml_row, ${selected}
    FROM scores POSITIONAL JOIN read_parquet(${quoteText(source)}) AS split`);
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  await session.save(`SELECT ${names} FROM predicted ORDER BY mergeml_row`, file, "zstd");
  const hashed = columns.map(({ name, type }) => ({ name, kind: type.replace(/\(.*/, "") as ColumnKind }));
  const digest = digestOf(
    await session.row(
      `SELECT ${digestAggregates(tableDialect, "h")} FROM (SELECT ${rowHash(tableDialect, hashed)} AS h FROM predicted)`,
    ),
  );
  const schema = columns.map(({ name, type }) => ({ name, type }));
  return { fingerprint: fingerprint(schema, digest), rows: digest.rows, columns: schema };
}
