import type { Session } from "../../data/engines/session.ts";
import { engineFailure, openSession, quoteName, quoteText, readerOf } from "../../data/engines/tables.ts";
import { UserError } from "../../errors/user-error.ts";
import { factsOfColumn } from "./column-facts.ts";
import { encodingsOf } from "./csv-dialect.ts";
import { planTexts, textSql } from "./plan-texts.ts";
import { type CsvReading, readCsv } from "./read-csv.ts";
import { missingNotes } from "./reading-notes.ts";
import type { DataTable } from "./table.ts";
import { textFacts } from "./text-facts.ts";

/** Reads a CSV, Parquet or JSON file as a careful person would; `name` is what the user calls it. Throws UserError when it cannot be read. */
export async function readTable(file: string, name: string): Promise<DataTable> {
  using session = await openSession({ readable: [], writable: [file] });
  const readings: ((session: Session) => Promise<CsvReading>)[] =
    readerOf(file) === "read_csv"
      ? (await encodingsOf(file)).map((encoding) => (given) => readCsv(given, file, encoding))
      : [(given) => readTyped(given, file)];
  for (const [at, read] of readings.entries()) {
    try {
      return await describe(session, file, await read(session));
    } catch (error) {
      const reason = engineFailure(error)
        ?.message.split("\n")
        .find((line) => !/^CSV Error|^Original Line/.test(line));
      if (reason === undefined) throw error;
      if (at < readings.length - 1 && /unicode|utf-?8/i.test(String(error))) continue;
      throw unreadable(name, reason, error);
    }
  }
  throw new Error(`${name} was read in no way`);
}

function unreadable(name: string, reason: string, cause: unknown): UserError {
  const message = `${name} cannot be read: ${reason}`;
  return new UserError({ message, hint: "give a CSV, Parquet or JSON file" }, { cause });
}

/** Parquet and JSON bring their types; only texts may be numbers that somebody wrote with a word for what is missing. */
async function readTyped(session: Session, file: string): Promise<CsvReading> {
  const from = quoteText(file);
  const columns = await session.columns(`FROM ${readerOf(file)}(${from})`);
  const texts = columns
    .filter(({ type }) => type === "VARCHAR" || type === "JSON")
    .map(({ name, type }) => ({ name, sql: type === "JSON" ? `(${quoteName(name)} ->> '$')` : quoteName(name) }));
  const facts = await textFacts(session, `${readerOf(file)}(${from})`, texts);
  const { plans } = planTexts(
    texts.map(({ name }) => name),
    facts,
    ",",
  );
  const sql = plans.flatMap((plan, at) => {
    const found = textSql(plan, texts[at]?.sql);
    return found === null ? [] : [[plan.name, found] as const];
  });
  return { from: (path) => quoteText(path), sql: new Map(sql), unnamed: [], notes: missingNotes(plans) };
}

async function describe(session: Session, file: string, reading: CsvReading): Promise<DataTable> {
  const relation = reading.from(file).startsWith("'") ? `${readerOf(file)}(${quoteText(file)})` : reading.from(file);
  const read = await session.columns(`FROM ${relation}`);
  const selected = read.map(({ name }) => `${reading.sql.get(name) ?? quoteName(name)} AS ${quoteName(name)}`);
  const query = `(SELECT ${selected.join(", ")} FROM ${relation})`;
  const columns = await session.columns(`FROM ${query}`);
  const { rows, facts } = await factsOfColumn(session, query, columns);
  return {
    rows,
    from: reading.from,
    notes: reading.notes,
    columns: columns.map((column, at) => ({
      ...column,
      ...facts[at]!,
      sql: reading.sql.get(column.name) ?? null,
      unnamed: reading.unnamed.includes(column.name),
    })),
  };
}
