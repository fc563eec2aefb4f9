import { join } from "node:path";
import type { RoleColumn, SourceColumn } from "../../columns.ts";
import type { Engine, PrepareJob, QueryJob, QueryResult } from "../engine.ts";
import { allowQuery } from "./allow-query.ts";
import { columnFacts } from "./column-facts.ts";
import { describeColumns, plainValue, storedValue } from "./duckdb-columns.ts";
import { machineError } from "./engine-error.ts";
import { prepareQuery } from "./prepare-query.ts";
import { quoteName, quoteText } from "./quote.ts";
import { runChecks } from "./run-checks.ts";
import { resultTable, runQuery } from "./run-query.ts";
import { openSession, type Session } from "./session.ts";
import { splitFiles, writeSplits } from "./write-splits.ts";

/** The result with one spelling for equal values; all that comes after the query reads this. */
const plainView = "mergeml_rows";

/** DuckDB inside this process, which whoever wrote the query can then keep busy or fill: see `process/`. */
export const duckdbEngine: Engine = {
  async query(job) {
    const session = await openSession(sessionOptions(job));
    try {
      const allowed = await allowQuery(session, job);
      await runQuery(session, job, allowed);
      return await resultOf(session, job.staging, allowed.parameters);
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  },
  async prepare(job) {
    using session = await openSession({ ...job.limits, readable: readableFolders(job) });
    return await prepareQuery(session, job);
  },
};

function readableFolders({ folders }: PrepareJob): string[] {
  return folders.filter(({ exists }) => exists).map(({ path }) => path);
}

function sessionOptions(job: QueryJob) {
  const { staging, limits } = job;
  const readable = readableFolders(job);
  const writable = [...Object.values(splitFiles(staging)), rowsFile(staging)];
  return { ...limits, readable, writable, spill: join(staging, "spill") };
}

function rowsFile(staging: string): string {
  return join(staging, "query.parquet");
}

async function resultOf(session: Session, staging: string, parameters: readonly string[]): Promise<QueryResult> {
  const columns = await describeColumns(session, resultTable);
  await session.run(`CREATE TEMP VIEW ${plainView} AS ${plainRows(columns)}`);
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${resultTable}`);
  const release = () => session.run(`DROP VIEW ${plainView}; DROP TABLE ${resultTable}`);
  return {
    columns,
    rows: Number(rows),
    parameters,
    check: async (rules) => (rules.length === 0 ? [] : runChecks(session, plainView, rules)),
    facts: (roles) => columnFacts(session, (some) => `(${plainRows(some)})`, roles),
    repeatedKeys: (keys) => repeatedKeys(session, keys),
    save: () => onMachine(staging, () => saveRows(session, columns, rowsFile(staging))),
    write: (roles, plan) => onMachine(staging, () => writeSplits(session, plainView, staging, roles, plan, release)),
    close: async () => session[Symbol.dispose](),
  };
}

function plainRows(columns: readonly SourceColumn[]): string {
  const plain = columns.map((column) => `${plainValue(column)} AS ${quoteName(column.name)}`);
  return `SELECT ${plain.join(", ")} FROM ${resultTable}`;
}

async function saveRows(session: Session, columns: readonly SourceColumn[], file: string): Promise<string> {
  const stored = columns.map((column) => storedValue(column, true)).join(", ");
  await session.run(`COPY (SELECT ${stored} FROM ${plainView}) TO ${quoteText(file)} (FORMAT parquet)`);
  return file;
}

async function repeatedKeys(session: Session, keys: readonly RoleColumn[]): Promise<{ rows: number; example: string }> {
  const names = keys.map(({ name }) => quoteName(name)).join(", ");
  const texts = keys.map(({ name }) => `CAST(${quoteName(name)} AS VARCHAR)`).join(" || ', ' || ");
  const { rows, example } = await session.row(`
    SELECT coalesce(sum(times), 0) AS rows, min(example) AS example
    FROM (SELECT count(*) AS times, min(${texts}) AS example FROM ${plainView} GROUP BY ${names} HAVING count(*) > 1)`);
  return { rows: Number(rows), example: String(example) };
}

async function onMachine<T>(staging: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw machineError(error, `to write the datasets to ${staging}`) ?? error;
  }
}
