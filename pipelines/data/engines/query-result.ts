import { join } from "node:path";
import type { ColumnFacts, LostPrecision, QueryResult } from "./engine.ts";
import { machineErrorIn } from "./machine-error.ts";
import { runChecks } from "./run-checks.ts";
import { type Dialect, isNumeric, type QuerySession, type RoleColumn, type SourceColumn } from "./session.ts";
import { splitFiles, writeSplits } from "./write-splits.ts";

/** The result with one spelling for equal values; all that comes after the query reads this. */
const plainView = "mergeml_rows";

/** Every file that a result may write. */
export function resultFiles(staging: string): string[] {
  return [...Object.values(splitFiles(staging)), rowsFile(staging)];
}

function rowsFile(staging: string): string {
  return join(staging, "query.parquet");
}

/** The result that a session keeps in `table`, on any engine; closing it closes the session. */
export async function queryResult(
  session: QuerySession,
  table: string,
  staging: string,
  parameters: readonly string[],
): Promise<QueryResult> {
  const columns = await session.columns(table);
  const plainRows = (some: readonly SourceColumn[]) => `SELECT ${plainValues(session, some)} FROM ${table}`;
  const plain = await session.view(plainView, plainRows(columns));
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${table}`);
  const release = () => session.release(table, [plain]);
  const onMachine = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      // How much memory it may have is known to who set its limits, who tells it as of every other step.
      if (session.dialect.failure(error)?.cause === "memory") throw error;
      throw machineErrorIn(session.dialect, error, `to write the datasets to ${staging}`) ?? error;
    }
  };
  return {
    columns,
    rows: Number(rows),
    parameters,
    check: async (rules) => (rules.length === 0 ? [] : runChecks(session, plain, rules)),
    facts: (roles) => columnFacts(session, (some) => `(${plainRows(some)}) AS mergeml_some`, roles),
    repeatedKeys: (keys) => repeatedKeys(session, plain, keys),
    save: () => onMachine(() => saveRows(session, plain, columns, rowsFile(staging))),
    write: (roles, plan) => onMachine(() => writeSplits(session, plain, staging, roles, plan, release)),
    close: () => session.close(),
  };
}

function plainValues({ dialect }: QuerySession, columns: readonly SourceColumn[]): string {
  return columns.map((column) => `${dialect.plainValue(column)} AS ${dialect.quoteName(column.name)}`).join(", ");
}

async function saveRows(
  session: QuerySession,
  plain: string,
  columns: readonly SourceColumn[],
  file: string,
): Promise<string> {
  const stored = columns.map((column) => session.dialect.storedValue(column, true)).join(", ");
  await session.save(`SELECT ${stored} FROM ${plain}`, file);
  return file;
}

async function repeatedKeys(
  session: QuerySession,
  plain: string,
  keys: readonly RoleColumn[],
): Promise<{ rows: number; example: string }> {
  const { dialect } = session;
  const names = keys.map(({ name }) => dialect.quoteName(name));
  const texts = keys.map(({ name, kind }) => dialect.text(dialect.quoteName(name), kind)).join(" || ', ' || ");
  const { rows, example } = await session.row(`
    SELECT coalesce(sum(times), 0) AS rows, min(example) AS example FROM (SELECT count(*) AS times,
      min(${texts}) AS example FROM ${plain} GROUP BY ${names.join(", ")} HAVING count(*) > 1) AS repeated`);
  return { rows: Number(rows), example: String(example) };
}

const largestFloat = 3.4028234663852886e38;

/** Columns of one scan: DuckDB's time to plan it grows with their square, and 2,000 in one took minutes. */
const scanColumns = 32;

/** Facts of each column; `relation` gives SQL for one with those columns alone. */
async function columnFacts(
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

/** Share of a column's range that a step between 32-bit numbers may have: finer than any split of a tree. */
const finestStep = 1e-6;

/** Share of the different values that must be lost to be worth a word. */
const worthTelling = 0.01;

/** SQL aggregates for the finite range of a column, by its place. */
function rangeAggregates(dialect: Dialect, { name, kind }: RoleColumn, at: number): string {
  const number = () => dialect.double(dialect.quoteName(name), kind);
  const end = (side: "min" | "max") =>
    isNumeric(kind) ? `${side}(${number()}) FILTER (WHERE ${dialect.isFinite(number())})` : "NULL";
  return `${end("min")} AS lowest_${at}, ${end("max")} AS highest_${at}`;
}

/**
 * What the column loses as 32-bit numbers; null when that is nothing that matters. Values are counted only where the steps
 * between such numbers are wide against the column's range, which costs nothing on most columns.
 */
async function lostPrecision(
  session: QuerySession,
  relation: string,
  { name, kind, role }: RoleColumn,
  [lowest, highest]: [unknown, unknown],
): Promise<LostPrecision | null> {
  if (role !== "feature" || typeof lowest !== "number" || typeof highest !== "number") return null;
  const largest = Math.max(Math.abs(lowest), Math.abs(highest));
  const step = 2 ** (Math.floor(Math.log2(largest)) - 23);
  if (!(step > finestStep * (highest - lowest)) || highest === lowest || largest > 3.4e38) return null;
  const { dialect } = session;
  const column = dialect.quoteName(name);
  const number = dialect.double(column, kind);
  const row = await session.row(`SELECT count(DISTINCT ${column}) AS given,
    count(DISTINCT ${dialect.float(number)}) AS kept FROM ${relation} WHERE ${dialect.isFinite(number)}`);
  const [given, kept] = [Number(row.given), Number(row.kept)];
  return kept >= given * (1 - worthTelling) ? null : { given, kept, lowest, highest };
}
