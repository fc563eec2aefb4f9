import type { RowsAnswer } from "../answer-rows.ts";
import { labelAt, labelsOf } from "../predicted-labels.ts";

/** The media types that rows and answers may have. */
export const mediaTypes = {
  json: "application/json",
  csv: "text/csv",
  arrow: "application/vnd.apache.arrow.stream",
} as const;

/** How an answer is written. */
export type AnswerFormat = keyof typeof mediaTypes;

/** The format that a client asks for, else JSON. */
export function wantedFormat(accept: string | undefined): AnswerFormat {
  if (accept?.includes(mediaTypes.csv)) return "csv";
  return accept?.includes(mediaTypes.arrow) ? "arrow" : "json";
}

/** The answer to rows, in the order of the rows. */
export async function predictAnswer(name: string, answer: RowsAnswer, format: AnswerFormat): Promise<string | Buffer> {
  if (format === "json") return jsonAnswer(name, answer);
  const columns = await answerColumns(answer);
  if (format === "csv") return csvAnswer(columns);
  const { tableFromArrays, tableToIPC } = await import("@uwdata/flechette");
  const table = tableFromArrays(columns.map(({ name: column, values }): [string, typeof values] => [column, values]));
  return Buffer.from(tableToIPC(table, { format: "stream" }) ?? []);
}

function jsonAnswer(name: string, { predictions, version, versions }: RowsAnswer): string {
  const { classes, rows, values } = predictions;
  const told =
    classes.length === 0 ? Array.from(values) : Array.from({ length: rows }, (_, row) => classAnswer(predictions, row));
  return JSON.stringify({ model: name, version, ...(versions ? { versions } : {}), predictions: told });
}

function classAnswer(predictions: RowsAnswer["predictions"], row: number): { label: string; probabilities: object } {
  const { classes, values } = predictions;
  const first = row * classes.length;
  const probabilities = Object.fromEntries(classes.map((name, at) => [name, values[first + at]!]));
  return { label: classes[labelAt(predictions, row)]!, probabilities };
}

interface AnswerColumn {
  name: string;
  values: Float32Array | string[] | Int32Array;
}

/** As `mergeml predict` names them: `prediction`, or `label` and `probability_<class>`; and the version, row by row. */
async function answerColumns({ predictions, version, versions }: RowsAnswer): Promise<AnswerColumn[]> {
  const { predictedColumns } = await import("../../data/scores-table.ts"); // with the engine, which few servers need
  const { classes, rows, values } = predictions;
  const names = predictedColumns(classes, ["version"]).map(({ name }) => name);
  const numbers = (at: number) =>
    Float32Array.from({ length: rows }, (_, row) => values[row * Math.max(1, classes.length) + at]!);
  const columns: AnswerColumn[] =
    classes.length === 0
      ? [{ name: names[0]!, values }]
      : [
          { name: names[0]!, values: labelsOf(predictions) },
          ...classes.map((_, at) => ({ name: names[at + 1]!, values: numbers(at) })),
        ];
  return [...columns, { name: "version", values: Int32Array.from(versions ?? new Array<number>(rows).fill(version)) }];
}

function csvAnswer(columns: readonly AnswerColumn[]): string {
  const lines = [columns.map(({ name }) => field(name)).join(",")];
  const rows = columns[0]!.values.length;
  for (let row = 0; row < rows; row++) lines.push(columns.map(({ values }) => field(values[row]!)).join(","));
  return `${lines.join("\n")}\n`;
}

function field(value: string | number): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
