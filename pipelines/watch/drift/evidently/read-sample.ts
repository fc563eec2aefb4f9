import type { Session, Vector } from "../../../data/engines/session.ts";
import { quoteName } from "../../../data/engines/tables.ts";
import { presentText } from "../../profile/count-categories.ts";
import { finiteNumber } from "../../profile/number-aggregates.ts";
import type { CategorySample, NumberSample, Sample } from "./sample.ts";

/** A column's values that are neither missing nor infinite, from a table, view or query. Eight bytes a number; categories are counted by the engine. */
export function readSample(session: Session, from: string, column: string, kind: Sample["kind"]): Promise<Sample> {
  return kind === "numeric" ? readNumbers(session, from, column) : readCategories(session, from, column);
}

async function readNumbers(session: Session, from: string, column: string): Promise<NumberSample> {
  const present = `(SELECT ${finiteNumber(quoteName(column))} AS value FROM ${from}) WHERE value IS NOT NULL`;
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${present}`);
  const values = new Float64Array(Number(rows));
  let at = 0;
  await eachRow(session, `SELECT value FROM ${present}`, ([value], row) => {
    values[at++] = value!.getItem(row) as number;
  });
  return { kind: "numeric", values: values.sort() };
}

async function readCategories(session: Session, from: string, column: string): Promise<CategorySample> {
  const sql = `SELECT value, CAST(count(*) AS DOUBLE) FROM (SELECT ${presentText(quoteName(column))} AS value FROM ${from})
    WHERE value IS NOT NULL GROUP BY value`;
  const counts = new Map<string, number>();
  await eachRow(session, sql, ([value, rows], row) => {
    counts.set(value!.getItem(row) as string, rows!.getItem(row) as number);
  });
  return { kind: "category", counts };
}

/** Chunk by chunk, so that the result is never in memory as a whole. */
async function eachRow(
  session: Session,
  sql: string,
  use: (columns: readonly Vector[], row: number) => void,
): Promise<void> {
  for await (const { rows, columns } of session.stream(sql)) {
    for (let row = 0; row < rows; row++) use(columns, row);
  }
}
