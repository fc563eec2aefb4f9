import { isNumeric, type RoleColumn } from "../columns.ts";
import type { Dialect } from "./dialect.ts";
import type { ColumnFacts } from "./engine.ts";
import { lostPrecision, rangeAggregates } from "./lost-precision.ts";
import type { QuerySession } from "./session.ts";

const largestFloat = 3.4028234663852886e38;

/** Columns of one scan: DuckDB's time to plan it grows with their square, and 2,000 in one took minutes. */
const scanColumns = 32;

/** Facts of each column; `relation` gives SQL for one with those columns alone. */
export async function columnFacts(
  session: QuerySession,
  relation: (columns: readonly RoleColumn[]) => string,
  columns: readonly RoleColumn[],
): Promise<ColumnFacts[]> {
  const facts: ColumnFacts[] = [];
  for (let start = 0; start < columns.length; start += scanColumns) {
    const some = columns.slice(start, start + scanColumns);
    const row = await session.row(
      `SELECT ${some.map((column, at) => aggregates(session.dialect, column, at)).join(",\n")} FROM ${relation(some)}`,
    );
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

function aggregates(dialect: Dialect, role: RoleColumn, at: number): string {
  const { name, kind } = role;
  const column = dialect.quoteName(name);
  const number = () => dialect.double(column, kind);
  const nan = kind === "double" ? dialect.isNaN(column) : null;
  const count = (condition: string) => `count(*) FILTER (WHERE ${condition})`;
  const overflow = () =>
    count(`abs(${number()}) > ${dialect.doubleLiteral(largestFloat)} AND NOT ${dialect.isNaN(number())}`);
  return [
    `${count(nan ? `${column} IS NULL OR ${nan}` : `${column} IS NULL`)} AS missing_${at}`,
    `${nan ? count(nan) : "0"} AS nan_${at}`,
    `${nan ? count(dialect.isInfinite(column)) : "0"} AS infinite_${at}`,
    `${isNumeric(kind) ? overflow() : "0"} AS overflow_${at}`,
    rangeAggregates(dialect, role, at),
    `${kind === "nested" ? "false" : `coalesce(${dialect.allEqual(column, kind)}, false)`} AS constant_${at}`,
  ].join(", ");
}
