import { engineFailure, machineError, openSession, quoteText } from "../../../data/engines/tables.ts";
import { EnvironmentError } from "../../../errors/environment-error.ts";
import { compareSamples, type EvidentlyAnswer } from "./compare-samples.ts";
import { readSample } from "./read-sample.ts";
import type { Sample } from "./sample.ts";

/** A column and its name on both sides. */
export interface PairedColumn {
  reference: string;
  current: string;
  kind: Sample["kind"];
}

export interface PairedRows {
  /** Parquet files with the rows the model was trained on, or its predictions on the test split. */
  reference: readonly string[];
  /** Parquet files with the window's rows; at least one. */
  current: readonly string[];
  threads: number;
  memory_gb: number;
}

/**
 * Compares columns by Evidently's defaults, one at a time: memory holds one column's values of both sides, eight bytes each.
 * null where a side has no values. Throws EnvironmentError for files that cannot be read.
 */
export async function answerColumns(
  { reference, current, threads, memory_gb }: PairedRows,
  columns: readonly PairedColumn[],
): Promise<(EvidentlyAnswer | null)[]> {
  using session = await openSession({ readable: [], writable: [...reference, ...current], threads, memory_gb });
  const answers: (EvidentlyAnswer | null)[] = [];
  try {
    for (const column of columns) {
      const before = await readSample(session, parquet(reference), column.reference, column.kind);
      const now = await readSample(session, parquet(current), column.current, column.kind);
      answers.push(compareSamples(before, now));
    }
    return answers;
  } catch (error) {
    const tried = `to compare the rows of ${current[0]} with ${reference[0]}`;
    throw machineError(error, tried) ?? unreadable(error, tried) ?? error;
  }
}

function unreadable(error: unknown, tried: string): EnvironmentError | null {
  const found = engineFailure(error);
  if (!found) return null;
  const [message = ""] = found.message.split("\n");
  return new EnvironmentError(message, { tried, safe: "nothing was changed" }, { cause: error });
}

function parquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteText).join(", ")}], union_by_name => true, hive_partitioning => false)`;
}
