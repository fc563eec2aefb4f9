import type { DuckDBAppender, DuckDBDataChunk } from "@duckdb/node-api";
import { freeName } from "../../free-name.ts";
import { quoteText } from "./quote.ts";
import type { Session } from "./session.ts";

/** A column of a result, as SQL over the table `scores`, and what it is joined with. */
export interface PredictedColumn {
  name: string;
  type: string;
  sql: string;
}

/** The table `scores` while it is filled: `r`, the row number from 0, and one FLOAT a class, `v0`, `v1` … */
export interface Scores {
  /** Adds rows of [N, width], row-major. */
  append(values: Float32Array): void;
  /** Must be called before the table is read. */
  close(): void;
}

/** Makes the temporary table `scores` in a session. */
export async function openScores(session: Session, width: number): Promise<Scores> {
  const { DuckDBDataChunk, FLOAT, INTEGER } = await import("@duckdb/node-api");
  const columns = Array.from({ length: width }, (_, at) => at);
  await session.run(`CREATE TEMP TABLE scores (r INTEGER, ${columns.map((at) => `v${at} FLOAT`).join(", ")})`);
  const appender = await session.connection.createAppender("scores", null, "temp");
  const types = [INTEGER, ...columns.map(() => FLOAT)];
  let first = 0;
  return {
    append(values) {
      const rows = values.length / width;
      for (let start = 0; start < rows; start += 2048) {
        const size = Math.min(2048, rows - start);
        appendChunk(appender, DuckDBDataChunk.create(types, size), {
          first: first + start,
          start,
          size,
          width,
          values,
        });
      }
      first += rows;
    },
    close: () => appender.closeSync(),
  };
}

interface Slab {
  /** Row number of the first row, and its place in `values`. */
  first: number;
  start: number;
  size: number;
  width: number;
  values: Float32Array;
}

function appendChunk(appender: DuckDBAppender, chunk: DuckDBDataChunk, slab: Slab): void {
  const { first, start, size, width, values } = slab;
  const lines = Array.from({ length: size }, (_, at) => at);
  chunk.setColumnValues(
    0,
    lines.map((line) => first + line),
  );
  for (let column = 0; column < width; column++) {
    const scores = lines.map((line) => values[(start + line) * width + column] ?? Number.NaN);
    chunk.setColumnValues(column + 1, scores);
  }
  appender.appendDataChunk(chunk);
}

/** `prediction`, or `label` and `probability_<class>`; a name that is taken gets an underscore. */
export function predictedColumns(classes: readonly string[], taken: readonly string[]): PredictedColumn[] {
  const columns: PredictedColumn[] = [];
  const add = (name: string, type: string, sql: string) =>
    columns.push({ name: freeName(name, [...taken, ...columns.map((each) => each.name)]), type, sql });
  if (classes.length === 0) add("prediction", "double", "scores.v0");
  else add("label", "text", labelOf(classes));
  for (const [at, name] of classes.entries()) add(`probability_${name}`, "double", `scores.v${at}`);
  return columns;
}

/** The most probable class; the first of equals. */
function labelOf(classes: readonly string[]): string {
  const scores = classes.map((_, at) => `scores.v${at}`).join(", ");
  const names = classes.map(quoteText).join(", ");
  return `[${names}][list_position([${scores}], list_max([${scores}]))]`;
}
