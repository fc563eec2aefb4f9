import { existsSync } from "node:fs";
import { EnvironmentError } from "../errors/environment-error.ts";
import { UserError } from "../errors/user-error.ts";
import type { SourceColumn } from "../features/columns.ts";
import { readerOf } from "../features/describe-file.ts";
import { describeColumns } from "../features/duckdb/duckdb-columns.ts";
import { engineError, machineError } from "../features/duckdb/engine-error.ts";
import { quoteText } from "../features/duckdb/quote.ts";
import type { Session } from "../features/duckdb/session.ts";
import type { FeatureSpec } from "../features/table.ts";

/** Rows to score: a place in SQL, and what is there. */
export interface InputRows {
  from: string;
  columns: readonly SourceColumn[];
  /** For messages. */
  name: string;
}

/** A Parquet, CSV or JSON file. Features of a CSV file are read as text, so that one odd value is one rejected row. */
export async function describeInput(
  session: Session,
  file: string,
  name: string,
  features: readonly FeatureSpec[],
): Promise<InputRows> {
  if (!existsSync(file)) {
    throw new UserError({ message: `there is no file ${name}`, hint: "--input is relative to the working directory" });
  }
  try {
    const reader = readerOf(file);
    const from = reader === "read_csv" ? await csvRelation(session, file, features) : relation(reader, file);
    return { from, columns: await describeColumns(session, `SELECT * FROM ${from}`), name };
  } catch (error) {
    throw inputError(error, name);
  }
}

function relation(reader: string, file: string): string {
  const options = reader === "read_json" ? ", sample_size = -1" : "";
  return `${reader}(${quoteText(file)}${options})`;
}

async function csvRelation(session: Session, file: string, features: readonly FeatureSpec[]): Promise<string> {
  const options = `${quoteText(file)}, header = true, sample_size = -1`;
  const found = await describeColumns(session, `SELECT * FROM read_csv(${quoteText(file)}, header = true)`);
  const names = new Set(features.map((feature) => feature.name));
  const texts = found.filter((column) => names.has(column.name));
  if (texts.length === 0) return `read_csv(${options})`;
  const types = texts.map((column) => `${quoteText(column.name)}: 'VARCHAR'`).join(", ");
  return `read_csv(${options}, types = {${types}})`;
}

/** What to throw when reading the rows failed: the machine's trouble, or a file that is not what its name says. */
export function inputError(error: unknown, name: string): unknown {
  if (error instanceof UserError || error instanceof EnvironmentError) return error;
  const machine = machineError(error, `to read ${name}`);
  const reason = engineError(error)?.exception_message.split("\n")[0];
  if (machine || reason === undefined) return machine ?? error;
  const hint = "give a Parquet file, a CSV file with a header, JSON lines, or a .sql query";
  return new UserError({ message: `${name} cannot be read: ${reason}`, hint }, { cause: error });
}
