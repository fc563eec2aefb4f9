import type { Session, Vector } from "../data/engines/session.ts";
import { quoteText } from "../data/engines/tables.ts";
import type { CategoryColumn, FeatureColumn, FeatureSpec } from "../data/table.ts";

/** Rows scored at a time: what is held in memory does not depend on the input. */
const batchRows = 16384;

/** Reads prepared rows (`f0`, `f1` …) as the columns a model takes, batch by batch, in the order of the file. */
export async function* featureBatches(
  session: Session,
  file: string,
  features: readonly FeatureSpec[],
): AsyncGenerator<FeatureColumn[]> {
  const columns = features.map(({ kind }, at) =>
    kind === "category" ? `coalesce(f${at}, '')` : `CAST(f${at} AS DOUBLE)`,
  );
  let batch = emptyBatch(features);
  let rows = 0;
  for await (const chunk of session.stream(`SELECT ${columns.join(", ")} FROM read_parquet(${quoteText(file)})`)) {
    if (rows + chunk.rows > batchRows) {
      yield batch.map((column) => finish(column, rows));
      batch = emptyBatch(features);
      rows = 0;
    }
    for (const [at, column] of batch.entries()) {
      const vector = chunk.columns[at]!;
      if (column.kind === "category") fillTexts(column, vector, rows);
      else fillNumbers(column.values, vector, rows);
    }
    rows += chunk.rows;
  }
  if (rows > 0) yield batch.map((column) => finish(column, rows));
}

type Filling = FeatureColumn & { known?: Map<string, number> };

function emptyBatch(features: readonly FeatureSpec[]): Filling[] {
  return features.map(({ name, kind }) =>
    kind === "category"
      ? { name, kind, codes: new Int32Array(batchRows), levels: [], known: new Map() }
      : { name, kind, values: new Float32Array(batchRows) },
  );
}

function fillNumbers(values: Float32Array, vector: Vector, start: number): void {
  for (let index = 0; index < vector.itemCount; index++) {
    const item = vector.getItem(index) as number | null;
    values[start + index] = item === null ? Number.NaN : item;
  }
}

function fillTexts(column: CategoryColumn & Filling, vector: Vector, start: number): void {
  const known = column.known ?? new Map<string, number>();
  for (let index = 0; index < vector.itemCount; index++) {
    const text = vector.getItem(index) as string;
    let code = known.get(text);
    if (code === undefined) known.set(text, (code = known.size));
    column.codes[start + index] = code;
  }
}

function finish(column: Filling, rows: number): FeatureColumn {
  const { name, kind } = column;
  if (kind !== "category") return { name, kind, values: column.values.subarray(0, rows) };
  return { name, kind, codes: column.codes.subarray(0, rows), levels: [...(column.known?.keys() ?? [])] };
}
