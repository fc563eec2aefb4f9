import { isNumeric, type SourceColumn } from "../../data/columns.ts";
import type { Session } from "../../data/engines/session.ts";
import { quoteName } from "../../data/engines/tables.ts";
import type { TableColumn } from "./table.ts";

type Facts = Pick<TableColumn, "distinct" | "missing" | "infinite" | "span" | "sorted">;

/** Columns of one scan: DuckDB's time to plan it grows with their square. */
const scanColumns = 64;

/** Exact facts of the columns of a relation. Reads every row, so that a type that does not fit one is found. */
export async function factsOfColumn(
  session: Session,
  relation: string,
  columns: readonly SourceColumn[],
): Promise<{ rows: number; facts: Facts[] }> {
  const facts: Facts[] = [];
  let rows = 0;
  for (let start = 0; start < columns.length; start += scanColumns) {
    const some = columns.slice(start, start + scanColumns);
    const row = await session.row(`SELECT count(*) AS rows, ${some.map(aggregates).join(", ")} FROM ${relation}`);
    rows = Number(row.rows);
    facts.push(...some.map((_, at) => factsOf(row, at, rows)));
  }
  const unique = columns.flatMap((column, at) => {
    const fact = facts[at];
    return column.kind === "integer" && fact && fact.distinct === rows && rows > 1 ? [{ column, fact }] : [];
  });
  for (const { column, fact } of unique) fact.sorted = await isSorted(session, relation, column);
  return { rows, facts };
}

async function isSorted(session: Session, relation: string, { name }: SourceColumn): Promise<boolean> {
  const step = `${quoteName(name)} - lag(${quoteName(name)}) OVER ()`;
  const row = await session.row(
    `SELECT bool_and(step > 0) AS up, bool_and(step < 0) AS down FROM (SELECT ${step} AS step FROM ${relation})`,
  );
  return row.up === true || row.down === true;
}

function aggregates({ name, kind }: SourceColumn, at: number): string {
  const column = quoteName(name);
  const finite = kind === "double" ? `CASE WHEN isfinite(${column}) THEN ${column} END` : column;
  const given = kind === "double" ? `CASE WHEN NOT isnan(${column}) THEN ${column} END` : column;
  return [
    `count(${kind === "nested" ? `1) FILTER (${column} IS NOT NULL` : given}) AS given_${at}`,
    `count(${finite}) AS finite_${at}`,
    `${kind === "nested" ? "0" : `count(DISTINCT ${finite})`} AS distinct_${at}`,
    ...(isNumeric(kind)
      ? [
          `CAST(min(${finite}) AS DOUBLE) AS min_${at}`,
          `CAST(max(${finite}) AS DOUBLE) AS max_${at}`,
          `coalesce(bool_and(${finite} = floor(${finite})), false) AS whole_${at}`,
        ]
      : []),
  ].join(", ");
}

function factsOf(row: Record<string, unknown>, at: number, rows: number): Facts {
  const [given, finite] = [Number(row[`given_${at}`]), Number(row[`finite_${at}`])];
  const [min, max] = [row[`min_${at}`], row[`max_${at}`]];
  const span =
    typeof min === "number" && typeof max === "number" ? { min, max, whole: row[`whole_${at}`] === true } : null;
  return {
    distinct: Number(row[`distinct_${at}`]),
    missing: rows - given,
    infinite: given - finite,
    span,
    sorted: false,
  };
}
