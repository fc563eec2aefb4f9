import { isNumeric, type RoleColumn } from "../columns.ts";
import type { ColumnFacts } from "../engine.ts";
import { quoteName } from "./quote.ts";
import type { Session } from "./session.ts";

const largestFloat = "340282346638528859811704183484516925440.0";

/** Facts of each column, in one scan. */
export async function columnFacts(
  session: Session,
  relation: string,
  columns: readonly RoleColumn[],
): Promise<ColumnFacts[]> {
  const row = await session.row(`SELECT ${columns.map(aggregates).join(",\n")} FROM ${relation}`);
  return columns.map((_, at) => ({
    missing: Number(row[`missing_${at}`]),
    nan: Number(row[`nan_${at}`]),
    infinite: Number(row[`infinite_${at}`]),
    overflow: Number(row[`overflow_${at}`]),
    largest: Number(row[`largest_${at}`] ?? 0),
    constant: row[`constant_${at}`] === true,
  }));
}

function aggregates({ name, kind }: RoleColumn, at: number): string {
  const column = quoteName(name);
  const number = `CAST(${column} AS DOUBLE)`;
  const float = kind === "double";
  const count = (condition: string) => `count(*) FILTER (WHERE ${condition})`;
  return [
    `${count(float ? `${column} IS NULL OR isnan(${column})` : `${column} IS NULL`)} AS missing_${at}`,
    `${float ? count(`isnan(${column})`) : "0"} AS nan_${at}`,
    `${float ? count(`isinf(${column})`) : "0"} AS infinite_${at}`,
    `${isNumeric(kind) ? count(`abs(${number}) > ${largestFloat} AND NOT isnan(${number})`) : "0"} AS overflow_${at}`,
    `${kind === "integer" ? `max(abs(${number}))` : "0"} AS largest_${at}`,
    `${kind === "nested" ? "false" : `coalesce(min(${column}) = max(${column}), false)`} AS constant_${at}`,
  ].join(", ");
}
