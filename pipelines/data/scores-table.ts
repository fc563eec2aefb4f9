import { chunkRows, type Session } from "./engines/session.ts";
import { tableDialect } from "./engines/tables.ts";
import { freeName } from "./free-name.ts";

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
  const columns = Array.from({ length: width }, (_, at) => at);
  await session.run(`CREATE TEMP TABLE scores (r INTEGER, ${columns.map((at) => `v${at} FLOAT`).join(", ")})`);
  const appender = await session.appender("scores", ["INTEGER", ...columns.map(() => "FLOAT" as const)]);
  let first = 0;
  return {
    append(values) {
      const rows = values.length / width;
      for (let start = 0; start < rows; start += chunkRows) {
        const lines = Array.from({ length: Math.min(chunkRows, rows - start) }, (_, line) => start + line);
        appender.append(lines.length, (column) =>
          lines.map((line) => (column === 0 ? first + line : (values[line * width + column - 1] ?? Number.NaN))),
        );
      }
      first += rows;
    },
    close: () => appender.close(),
  };
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
  const scores = classes.map((_, at) => `scores.v${at}`);
  return tableDialect.textOfLargest(scores, classes);
}
