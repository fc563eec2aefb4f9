import { join } from "node:path";
import type { RoleColumn, SourceColumn } from "../columns.ts";
import { columnFacts } from "./column-facts.ts";
import type { QueryResult } from "./engine.ts";
import { machineErrorIn } from "./machine-error.ts";
import { runChecks } from "./run-checks.ts";
import type { QuerySession } from "./session.ts";
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
