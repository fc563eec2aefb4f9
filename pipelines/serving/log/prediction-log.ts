import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Log } from "../../ports/host.ts";
import { countOf, formatCount } from "../../statistics/format-number.ts";
import type { AnsweredRequest, ServedModel, ServingLog, ServingLogFacts } from "../served-model.ts";
import type { LogSettings } from "./log-settings.ts";
import { LogWriter, logTable } from "./log-writer.ts";
import type { Outbox } from "./outbox.ts";
import { type LoggedVersion, loggedVersion, newSheet, rowsToLog, type Sheet, sheetKey, sheetPath } from "./sheet.ts";
import type { WriterOwner, WriterReply } from "./writer-protocol.ts";

/** What the log may use, and how long a row may wait for its file. */
interface LogLimits {
  /** Bytes that rows take until they are in a file; what comes beyond is dropped. */
  held: number;
  /** Bytes of rows after which a file is written. */
  file: number;
  /** Milliseconds. */
  age: number;
  /** Milliseconds that the end waits for the last files. */
  drain: number;
}

const defaultLogLimits: LogLimits = { held: 128 * 2 ** 20, file: 16 * 2 ** 20, age: 60_000, drain: 10_000 };

export interface PredictionLogOptions {
  /** Root of the log, absolute; of the files that wait to be sent where there is an outbox. */
  folder: string;
  owner: WriterOwner;
  /** As today's model.yaml says, or as it said when the version was trained. */
  settingsOf(model: ServedModel): LogSettings;
  /** Sends whole files to where the log is; null when the folder is the log. */
  outbox: Outbox | null;
  clock: Clock;
  log: Log;
  limits?: Partial<LogLimits>;
}

/** Rows that are handed to the writer at a time, and how long they wait for it at most: a hand-over takes about a millisecond. */
const [handedRows, handedMs] = [8192, 250];
/** Of a table in the engine beside what JavaScript counts, and what compressing takes. */
const engineShare = 4;
/** Milliseconds until a file is tried again: twice as long each time, up to a minute. */
const [firstRetry, longestRetry] = [1000, 60_000];

/**
 * Writes what was answered as files in the layout of the prediction log, by a thread of its own. Answers never wait for it: what
 * does not fit into its memory is dropped and counted. A file is there whole or not at all; while the disk refuses one, its rows
 * wait and it is tried again.
 */
export function openPredictionLog(options: PredictionLogOptions): ServingLog {
  return new PredictionLog(options);
}

class PredictionLog implements ServingLog {
  readonly #options: PredictionLogOptions;
  readonly #limits: LogLimits;
  readonly #writer: LogWriter;
  readonly #versions = new WeakMap<ServedModel, LoggedVersion>();
  /** Sheets that take rows, by `sheetKey`, and all whose rows are not in a file, by id. */
  readonly #open = new Map<string, Sheet>();
  readonly #unwritten = new Map<number, Sheet>();
  readonly #timer: NodeJS.Timeout;
  #nextId = 1;
  #held = 0;
  #kept = 0;
  #dropped = 0;
  #problem: string | null = null;
  #closed = false;

  constructor(options: PredictionLogOptions) {
    this.#options = options;
    this.#limits = { ...defaultLogLimits, ...options.limits };
    const { folder, owner, clock } = options;
    const data = {
      parts: join(folder, ".parts"),
      owner,
      started: clock.now().getTime(),
      memory_gb: Math.max(0.25, (engineShare * this.#limits.held) / 2 ** 30),
    };
    this.#writer = new LogWriter(
      data,
      (reply) => this.#settle(reply),
      (problem) => this.#loseAll(problem),
    );
    this.#writer.start();
    this.#timer = setInterval(() => this.#tick(), Math.min(handedMs, this.#limits.age)).unref();
  }

  onAnswered(request: AnsweredRequest): void {
    try {
      this.#take(request);
    } catch (error) {
      this.#drop(request.batch.rows, `a request could not be logged: ${(error as Error).message}`);
    }
  }

  get folder(): string {
    return this.#options.outbox?.sent ?? this.#options.folder;
  }

  facts(): ServingLogFacts {
    const problem = this.#problem ?? this.#options.outbox?.problem() ?? null;
    return { kept: this.#kept, dropped: this.#dropped, problem };
  }

  #take(request: AnsweredRequest): void {
    const version = this.#versionOf(request.model);
    const found = rowsToLog(request, version);
    if (found === null) return;
    const { entry, bytes } = found;
    const refused = this.#refusal(bytes);
    if (refused !== null) {
      this.#drop(entry.rows, refused);
      return;
    }
    const sheet = this.#sheetFor(request, version);
    sheet.waiting.add(entry);
    sheet.rows += entry.rows;
    sheet.bytes += bytes;
    this.#held += bytes;
    if (sheet.bytes >= this.#limits.file) this.#finish(sheet);
    else if (sheet.waiting.rows() >= handedRows) this.#handOver(sheet);
  }

  /** Why so many bytes of rows cannot be taken now; null when they can. */
  #refusal(bytes: number): string | null {
    if (this.#closed) return "the log was closed";
    if (this.#held + bytes <= this.#limits.held) return null;
    return `${formatCount(this.#limits.held / 2 ** 20)} MiB of rows wait to be written`;
  }

  #versionOf(model: ServedModel): LoggedVersion {
    const known = this.#versions.get(model);
    if (known) return known;
    const version = loggedVersion(model, this.#options.settingsOf(model));
    const { unknown } = version.redaction;
    if (unknown.length > 0)
      this.#options.log.warn(
        `${model.name}@${model.version}: serving.log.redact names ${unknown.join(", ")}, which it has neither as a feature nor as its key`,
      );
    this.#versions.set(model, version);
    return version;
  }

  #sheetFor(request: AnsweredRequest, version: LoggedVersion): Sheet {
    const key = sheetKey(request);
    const open = this.#open.get(key);
    if (open) return open;
    const sheet = newSheet(this.#nextId++, request, version, this.#now());
    this.#open.set(key, sheet);
    this.#unwritten.set(sheet.id, sheet);
    return sheet;
  }

  /** Hands rows over, closes sheets that are old enough, and tries files again that could not be written. */
  #tick(): void {
    const now = this.#now();
    for (const sheet of this.#open.values()) {
      if (now - sheet.since >= this.#limits.age) this.#finish(sheet);
      else this.#handOver(sheet);
    }
    for (const sheet of this.#unwritten.values()) if (sheet.retryAt > 0 && now >= sheet.retryAt) this.#write(sheet);
  }

  #handOver(sheet: Sheet): void {
    if (sheet.waiting.rows() === 0) return;
    const { model, version, id } = sheet;
    const block = sheet.waiting.take();
    const table = sheet.handedOver ? null : logTable(model.record, version.redaction);
    this.#writer.ask({ kind: "append", id, table, ...block });
    sheet.handedOver = true;
  }

  /** No row is added to it any more. */
  #finish(sheet: Sheet): void {
    for (const [key, each] of this.#open) if (each === sheet) this.#open.delete(key);
    this.#handOver(sheet);
    this.#write(sheet);
  }

  #write(sheet: Sheet): void {
    const { folder, owner, outbox } = this.#options;
    sheet.retryAt = 0;
    const full = outbox?.full() ?? null;
    if (full === null) {
      this.#writer.ask({ kind: "write", id: sheet.id, path: sheetPath(folder, owner.writer, sheet) });
    } else {
      this.#writer.ask({ kind: "forget", id: sheet.id });
      this.#lose(sheet, full);
    }
  }

  #settle(reply: WriterReply): void {
    const sheet = this.#unwritten.get(reply.id);
    if (!sheet) return;
    if (reply.kind === "written") this.#keep(sheet, reply.bytes);
    else if (reply.kind === "lost") this.#lose(sheet, reply.problem);
    else this.#tryLater(sheet, reply.problem);
  }

  #keep(sheet: Sheet, bytes: number): void {
    this.#forget(sheet);
    this.#kept += sheet.rows;
    this.#problem = null;
    const { folder, owner, outbox } = this.#options;
    outbox?.add(sheetPath(folder, owner.writer, sheet), bytes);
  }

  #tryLater(sheet: Sheet, problem: string): void {
    sheet.failures += 1;
    sheet.retryAt = this.#now() + Math.min(longestRetry, firstRetry * 2 ** (sheet.failures - 1));
    this.#tell(`rows wait, as their file cannot be written: ${problem}`);
  }

  #lose(sheet: Sheet, problem: string): void {
    this.#forget(sheet);
    this.#drop(sheet.rows, problem);
  }

  #loseAll(problem: string): void {
    for (const sheet of [...this.#unwritten.values()]) if (sheet.handedOver) this.#lose(sheet, problem);
  }

  #forget(sheet: Sheet): void {
    for (const [key, each] of this.#open) if (each === sheet) this.#open.delete(key);
    this.#unwritten.delete(sheet.id);
    this.#held -= sheet.bytes;
  }

  #drop(rows: number, problem: string): void {
    this.#dropped += rows;
    this.#tell(`rows are dropped: ${problem}`);
  }

  /** Once, until it is over or another one. */
  #tell(problem: string): void {
    if (this.#problem !== problem) this.#options.log.warn(`prediction log: ${problem}`);
    this.#problem = problem;
  }

  /** Of a clock that nobody sets: rows of a machine whose clock is set back must not wait for it to come round again. */
  #now(): number {
    return performance.now();
  }

  /** Writes what there is, for some seconds at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#writer.mayEnd(false);
    for (const sheet of [...this.#open.values()]) this.#finish(sheet);
    const end = performance.now() + this.#limits.drain;
    while (this.#unwritten.size > 0 && performance.now() < end) {
      for (const sheet of this.#unwritten.values()) if (sheet.retryAt > 0) this.#write(sheet);
      await sleep(20);
    }
    for (const sheet of [...this.#unwritten.values()]) this.#lose(sheet, "there was no time left to write them");
    await this.#writer[Symbol.asyncDispose]();
    await this.#options.outbox?.drain(Math.max(1000, end - performance.now()));
    if (this.#dropped > 0)
      this.#options.log.warn(
        `prediction log: ${countOf(this.#dropped, "row")} of ${formatCount(this.#kept + this.#dropped)} not written`,
      );
  }
}
