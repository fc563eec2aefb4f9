import type { RowBatch, RowColumn, ServedModel } from "../served-model.ts";

/**
 * Rows of a request as another version takes them: its features, in its order, found by name; one that the request does not have is
 * missing in every row. Throws Error when a feature is of another kind.
 */
export function rowsFor({ signature: { features } }: Pick<ServedModel, "signature">, batch: RowBatch): RowBatch {
  const same = ({ name, kind }: RowColumn, at: number) => features[at]?.name === name && features[at]?.kind === kind;
  if (batch.columns.length === features.length && batch.columns.every(same)) return batch;
  const columns = features.map(({ name, kind }): RowColumn => {
    const found = batch.columns.find((column) => column.name === name);
    if (!found) return missingColumn(name, kind, batch.rows);
    if (found.kind !== kind) throw new Error(`it takes ${name} as a ${kind}, and the request has a ${found.kind}`);
    return found;
  });
  return { ...batch, columns };
}

function missingColumn(name: string, kind: RowColumn["kind"], rows: number): RowColumn {
  if (kind === "category") return { name, kind, codes: new Int32Array(rows).fill(-1), levels: [] };
  return { name, kind, values: new Float64Array(rows).fill(Number.NaN) };
}
