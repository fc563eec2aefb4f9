import { existsSync, statSync } from "node:fs";
import type { Session, SourceColumn } from "../data/engines/session.ts";
import { engineFailure, machineError, quoteName, quoteText, readerOf } from "../data/engines/tables.ts";
import { isLfsPointer, lfsProblem } from "../data/lfs-pointer.ts";
import { EnvironmentError, UserError } from "../errors/expected-error.ts";

/** Rows to score: a place in SQL, and what is there. */
export interface InputRows {
  from: string;
  columns: readonly SourceColumn[];
  /** For messages. */
  name: string;
}

/** Where a file's rows are kept when it is not Parquet, so that it is parsed once. */
export interface InputPlaces {
  file: string;
  /** What the user called it. */
  name: string;
  staged: string;
}

/** A Parquet, CSV or JSON file. Of a CSV file all values are texts but those of `kept` columns that are whole numbers or times throughout. */
export async function describeInput(
  session: Session,
  { file, name, staged }: InputPlaces,
  kept: readonly string[],
): Promise<InputRows> {
  refuseUnreadable(file, name);
  if (await isLfsPointer(file)) throw new UserError(lfsProblem(name));
  try {
    const from = await relationOf(session, file, staged, kept);
    return { from, columns: await session.columns(`SELECT * FROM ${from}`), name };
  } catch (error) {
    throw inputError(error, name);
  }
}

function refuseUnreadable(file: string, name: string): void {
  if (!existsSync(file))
    throw new UserError({ message: `there is no file ${name}`, hint: "--input is relative to the working directory" });
  const facts = statSync(file);
  if (facts.isDirectory()) throw new UserError({ message: `${name} is a folder`, hint: "--input names one file" });
  if (facts.size === 0)
    throw new UserError({ message: `${name} is empty`, hint: "a CSV file has a header, also when it has no rows" });
}

async function relationOf(session: Session, file: string, staged: string, kept: readonly string[]): Promise<string> {
  const reader = readerOf(file);
  if (reader === "read_parquet") return `${reader}(${quoteText(file)})`;
  const options = reader === "read_json" ? "sample_size = -1" : "header = true, all_varchar = true";
  const source = `${reader}(${quoteText(file)}, ${options})`;
  await session.run(`COPY (SELECT * FROM ${source}) TO ${quoteText(staged)} (FORMAT parquet)`);
  const rows = `read_parquet(${quoteText(staged)})`;
  return reader === "read_json" ? rows : typedTexts(session, rows, kept);
}

/** Types that a text may stand for; a number only if it is written as one would write it, so that 007 stays what it is. */
const textTypes = ["BIGINT", "TIMESTAMP"] as const;

async function typedTexts(session: Session, rows: string, kept: readonly string[]): Promise<string> {
  const columns = (await session.columns(`SELECT * FROM ${rows}`)).filter(({ name }) => kept.includes(name));
  if (columns.length === 0) return rows;
  const tests = columns.flatMap(({ name }, at) => {
    const text = quoteName(name);
    const whole = `CAST(TRY_CAST(${text} AS BIGINT) AS VARCHAR) = ${text}`;
    const time = `TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL`;
    const all = (test: string) => `coalesce(bool_and(coalesce(${test}, false)) FILTER (${text} IS NOT NULL), false)`;
    return [`${all(whole)} AS is_${at}_0`, `${all(time)} AS is_${at}_1`];
  });
  const found = await session.row(`SELECT ${tests.join(", ")} FROM ${rows}`);
  const typed = columns.flatMap(({ name }, at) => {
    const type = textTypes.find((_, which) => found[`is_${at}_${which}`] === true);
    return type ? [`CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`] : [];
  });
  return typed.length === 0 ? rows : `(SELECT * REPLACE (${typed.join(", ")}) FROM ${rows})`;
}

/** What to throw when reading the rows failed: the machine's trouble, or a file that is not what its name says. */
export function inputError(error: unknown, name: string): unknown {
  if (error instanceof UserError || error instanceof EnvironmentError) return error;
  const machine = machineError(error, `to read ${name}`);
  const reason = engineFailure(error)?.message.split("\n")[0];
  if (machine || reason === undefined) return machine ?? error;
  const hint = "give a Parquet file, a CSV file with a header, JSON lines, or a .sql query";
  return new UserError({ message: `${name} cannot be read: ${reason}`, hint }, { cause: error });
}
