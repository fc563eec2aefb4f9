import type { Table } from "../../data/table.ts";
import { shuffledRows, takeRows } from "../../evaluation/table-rows.ts";

/** Seeded rows of a table, about as many of each class as there are: a rare class must be among them. */
export function sampleRows(table: Table, rows: number, seed: number): Table {
  const order = shuffledRows(table.rows, seed);
  const { target } = table;
  if (target.task === "regression") return takeRows(table, order.subarray(0, rows));
  const present = new Set(target.codes).size;
  const quota = Math.max(2, Math.ceil(rows / present));
  const taken = new Map<number, number>();
  const picked = order.filter((row) => {
    const count = (taken.get(target.codes[row]!) ?? 0) + 1;
    taken.set(target.codes[row]!, count);
    return count <= quota;
  });
  return takeRows(table, picked.subarray(0, rows));
}
