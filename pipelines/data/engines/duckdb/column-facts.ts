import { isNumeric, type RoleColumn } from "../../columns.ts";
import type { ColumnFacts } from "../engine.ts";
import { lostPrecision, rangeAggregates } from "./lost-precision.ts";
import { quoteName } from "./quote.ts";
import type { Session } from "./session.ts";

const largestFloat = "340282346638528859811704183484516925440.0";

/** Columns of one scan: DuckDB's time to plan it grows with their square, and 2,000 in one took minutes. */
const scanColumns = 32;

/** Facts of each column; `relation` gives SQL for one with those columns alone. */
export async function columnFacts(
  session: Session,
  relation: (columns: readonly RoleColumn[]) => string,
  columns: readonly RoleColumn[],
): Promise<ColumnFacts[]> {
  const facts: ColumnFacts[] = [];
  for (let start = 0; start < columns.length; start += scanColumns) {
    const some = columns.slice(start, start + scanColumns);
    const row = await session.row(`SELECT ${some.map(aggregates).join(",\n")} FROM ${relation(some)}`);
    for (const [at, column] of some.entries()) {
      const range: [unknown, unknown] = [row[`lowest_${at}`], row[`highest_${at}`]];
      const lost = await lostPrecision(session, relation([column]), column, range);
      facts.push({ ...factsOf(row, at), lost });
    }
  }
  return facts;
}

function factsOf(row: Record<string, unknown>, at: number): Omit<ColumnFacts, "lost"> {
  return {
    missing: Number(row[`missing_${at}`]),
    nan: Number(row[`nan_${at}`]),
    infinite: Number(row[`infinite_${at}`]),
    overflow: Number(row[`overflow_${at}`]),
    constant: row[`constant_${at}`] === true,
  };
}

function aggregates(role: RoleColumn, at: number): string {
  const { name, kind } = role;
  const column = quoteName(name);
  const number = `CAST(${column} AS DOUBLE)`;
  const float = kind === "double";
  const count = (condition: string) => `count(*) FILTER (WHERE ${condition})`;
  return [
    `${count(float ? `${column} IS NULL OR isnan(${column})` : `${column} IS NULL`)} AS missing_${at}`,
    `${float ? count(`isnan(${column})`) : "0"} AS nan_${at}`,
    `${float ? count(`isinf(${column})`) : "0"} AS infinite_${at}`,
    `${isNumeric(kind) ? count(`abs(${number}) > ${largestFloat} AND NOT isnan(${number})`) : "0"} AS overflow_${at}`,
    rangeAggregates(role, at),
    `${kind === "nested" ? "false" : `coalesce(min(${column}) = max(${column}), false)`} AS constant_${at}`,
  ].join(", ");
}
