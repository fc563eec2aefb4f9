import type { DatasetRef } from "./dataset.ts";
import type { DatasetStore } from "./dataset-store.ts";
import { quoteName, quoteText } from "./engines/tables.ts";
import { readInto, withDataset } from "./stored-columns.ts";

/** Numbers from 0 on, the same for rows of a stored split that share their value of `column`, in the dataset's row order. */
export function loadClusters(store: DatasetStore, ref: DatasetRef, column: string): Promise<Int32Array> {
  return withDataset(store, ref, async (session) => {
    const codes = new Int32Array(ref.rows);
    const rows = `read_parquet(${quoteText(await store.path(ref.fingerprint))}, file_row_number = true)`;
    const numbered = `(SELECT cluster FROM (SELECT CAST(dense_rank() OVER (ORDER BY ${quoteName(column)}) - 1 AS INTEGER) AS cluster,
      file_row_number AS place FROM ${rows}) ORDER BY place)`;
    await readInto(session, numbered, ref, [{ sql: "cluster", values: codes }]);
    return codes;
  });
}
