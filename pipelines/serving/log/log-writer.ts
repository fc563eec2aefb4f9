import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { FilledNumbers, FilledType } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { predictedColumns } from "../../data/scores-table.ts";
import { errorColumn, logNames, redactedEntry } from "../../predictions/log-layout.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import type { Arm } from "../served-model.ts";
import type { Redaction } from "./log-settings.ts";
import { stopWriting, type WriterData, type WriterReply, type WriterRequest } from "./writer-protocol.ts";

/** Milliseconds that the end waits for the thread, and until one that died is started again. */
const [patience, restart] = [5000, 5000];

/** The thread that writes, started when it is first needed and again after it ended. */
export class LogWriter implements AsyncDisposable {
  readonly #data: WriterData;
  readonly #told: (reply: WriterReply) => void;
  readonly #ended: (problem: string) => void;
  #worker: Worker | null = null;
  #closing = false;
  #problem = "";
  /** Until when it is not started again. */
  #restAt = 0;

  /** `ended` is told when the thread died with all it had. */
  constructor(data: WriterData, told: (reply: WriterReply) => void, ended: (problem: string) => void) {
    this.#data = data;
    this.#told = told;
    this.#ended = ended;
  }

  /** Starts the thread, which first removes what writers that are gone left behind. */
  start(): void {
    this.#thread();
  }

  /** Numbers are handed over, not copied. */
  ask(request: WriterRequest): void {
    if (!this.#worker && performance.now() < this.#restAt) {
      // It has just died, and would again.
      queueMicrotask(() => this.#told({ id: request.id, kind: "lost", problem: this.#problem }));
      return;
    }
    const columns = request.kind === "append" ? request.columns : [];
    const handed = columns.flatMap((column) => {
      if (column === null) return [];
      return ["text" in column ? column.lengths.buffer : column.buffer] as ArrayBuffer[];
    });
    this.#thread().postMessage(request, handed);
  }

  /** Lets the process end although the thread waits for rows, or not. */
  mayEnd(may: boolean): void {
    if (may) this.#worker?.unref();
    else this.#worker?.ref();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData: this.#data });
    this.#problem = "the thread that writes ended";
    worker.on("message", this.#told);
    worker.on("error", (error) => (this.#problem = `the thread that writes ended: ${error.message}`));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = null;
      this.#restAt = performance.now() + restart;
      if (!this.#closing) this.#ended(this.#problem);
    });
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const worker = this.#worker;
    if (!worker) return;
    const ended = once(worker, "exit");
    worker.postMessage(stopWriting);
    await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
  }
}

/** A table that gathers the rows of a file, and the SQL that makes the layout of the prediction log of it. Plain data. */
export interface LogTable {
  columns: readonly { name: string; type: FilledType }[];
  /** Which of them have codes of texts. */
  texts: readonly number[];
  /**
   * The rows in the layout: `scores` is the table, and `levels` has the texts that its codes stand for, by column and code, each
   * column's of the type `textType`.
   */
  query: string;
  /** What the file says about itself, as SQL of COPY's KV_METADATA; null when nothing. */
  metadata: string | null;
}

/**
 * Values of each column of a table; null where all are missing. Numbers that are NaN are missing values, but for predictions, and
 * so are codes below 0.
 */
export type LoggedColumn = FilledNumbers | JoinedTexts | null;

/** Texts of one column that its codes stand for, from the code `first` on. */
export interface LoggedLevels {
  column: number;
  first: number;
  texts: readonly string[];
}

/** Texts one behind the other: a thread gets one long text in a fraction of the time that many short ones take. */
interface JoinedTexts {
  text: string;
  /** Of each, in UTF-16 units; -1 for a missing one. */
  lengths: Int32Array;
}

export function joinedTexts(values: readonly (string | null)[]): JoinedTexts {
  const lengths = new Int32Array(values.length);
  for (let at = 0; at < values.length; at++) lengths[at] = values[at]?.length ?? -1;
  return { text: values.join(""), lengths };
}

export function splitTexts({ text, lengths }: JoinedTexts): (string | null)[] {
  let from = 0;
  return Array.from(lengths, (length) => (length < 0 ? null : text.slice(from, (from += length))));
}

/** Arms by the codes that stand for them on their way into a file: a text for each row would cost as much as a feature. */
export const loggedArms: readonly Arm[] = ["production", "challenger", "shadow"];

/** What the texts of a column are in the query: whoever runs it says whether they are few, which a file takes in half of the time. */
export const textType = (column: number): string => `text_${column}`;

/** Of few texts. */
const textsType = (texts: readonly string[]): string => `ENUM (${texts.map(quoteText).join(", ")})`;

/** `t` and the rest of a request, features `f0` …, predictions `v0` …; what failed has none. */
export function logTable(
  { model, version, candidate }: { model: string; version: number; candidate: CandidateRecord },
  redaction: Redaction,
): LogTable {
  const { features, classes } = candidate;
  const width = Math.max(1, classes.length);
  const names = logNames(
    features.map(({ name }) => name),
    classes,
  );
  const columns = [
    { name: "t", type: "TIMESTAMPTZ" as const },
    { name: "a", type: "INTEGER" as const },
    { name: "k", type: "VARCHAR" as const },
    ...features.map(({ kind }, at) => ({
      name: `f${at}`,
      type: kind === "category" ? ("INTEGER" as const) : ("DOUBLE" as const),
    })),
    ...Array.from({ length: width }, (_, at) => ({ name: `v${at}`, type: "FLOAT" as const })),
    { name: "l", type: "DOUBLE" as const },
    { name: "e", type: "INTEGER" as const },
  ];
  const levelOf = (name: string) => {
    const column = columns.findIndex((each) => each.name === name);
    const text = `CAST("text" AS ${textType(column)})`;
    return `(SELECT list(${text} ORDER BY code) FROM levels WHERE "column" = ${column})[${name} + 1]`;
  };
  const selected = [
    't AS "time"',
    `CAST(${quoteText(model)} AS ${textsType([model])}) AS model`,
    `CAST(${version} AS INTEGER) AS "version"`,
    `CAST([${loggedArms.map(quoteText).join(", ")}] AS ${textsType(loggedArms)}[])[a + 1] AS arm`,
    'k AS "key"',
    ...features.map(
      ({ kind }, at) =>
        `${kind === "category" ? levelOf(`f${at}`) : loggedNumber(kind, `f${at}`)} AS ${quoteName(names.features[at] ?? "")}`,
    ),
    ...predictedColumns(classes, []).map(
      ({ sql }, at) => `CASE WHEN e < 0 THEN ${sql} END AS ${quoteName(names.predictions[at] ?? "")}`,
    ),
    "l AS latency_ms",
    `${levelOf("e")} AS ${errorColumn}`,
  ];
  const hidden = [...names.features.filter((_, at) => redaction.features[at]), ...(redaction.key ? ["key"] : [])];
  const categories = features.flatMap(({ kind }, at) => (kind === "category" ? [`f${at}`] : []));
  return {
    columns,
    texts: [...categories, "e"].map((name) => columns.findIndex((each) => each.name === name)),
    query: `SELECT ${selected.join(", ")} FROM`,
    metadata: hidden.length === 0 ? null : `{${redactedEntry}: ${quoteText(JSON.stringify(hidden))}}`,
  };
}

function loggedNumber(kind: "number" | "boolean", column: string): string {
  return kind === "boolean"
    ? `CASE ${column} WHEN 1 THEN true WHEN 0 THEN false END`
    : `nullif(${column}, 'NaN'::DOUBLE)`;
}
