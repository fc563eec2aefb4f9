import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { type Appender, chunkRows, type FilledNumbers, type Session } from "../../data/engines/session.ts";
import { engineFailure, openSession, quoteText } from "../../data/engines/tables.ts";
import { flushToDisk } from "../../data/flush-to-disk.ts";
import { type LoggedColumn, type LogTable, splitTexts, textType } from "./log-writer.ts";
import {
  stopWriting,
  type WriterData,
  type WriterOwner,
  type WriterReply,
  type WriterRequest,
} from "./writer-protocol.ts";

/** Up to so many different texts of a column are listed in the file: each part of it has the whole list. */
const fewTexts = 1000;

/** A file of a writer on another machine, which cannot be asked whether it lives, is removed once it is so old. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

// A thread of its own: filling tables and compressing files must not keep answers waiting.
const port = parentPort;
if (!port) throw new Error("This is the thread that writes the prediction log; it is started by log-writer.ts.");
const opened = openTableWriter(workerData as WriterData);
let queue: Promise<unknown> = opened;
port.on("message", (request: WriterRequest | typeof stopWriting) => {
  if (request === stopWriting) {
    // The engine does not outlive a thread that is ended from outside while it works: it takes the process with it.
    void opened.then((writer) => writer.stop(queue)).finally(() => port.close());
    return;
  }
  queue = queue.then(async () => {
    const reply = await (await opened).serve(request);
    if (reply !== null) port.postMessage(reply satisfies WriterReply);
  });
});

/** Gathers rows in tables, and writes each as a Parquet file that is there whole or not at all. */
interface TableWriter {
  /** null where nothing is to be said. Never rejects for what a disk or the engine refuses. */
  serve(request: WriterRequest): Promise<WriterReply | null>;
  /** Interrupts what the engine does, answers what `waits` with nothing done, and closes the engine. */
  stop(waits: Promise<unknown>): Promise<void>;
}

interface OpenTable {
  table: LogTable;
  /** Of its rows, and of the texts that codes in them stand for; null once all are in the tables. */
  appender: Appender | null;
  levels: Appender | null;
  /** Different texts by column. */
  texts: Map<number, number>;
}

function closeAppenders(opened: OpenTable): void {
  opened.appender?.close();
  opened.levels?.close();
  [opened.appender, opened.levels] = [null, null];
}

/** Makes the folder of unfinished files, and removes those of writers that are gone. */
async function openTableWriter({ parts, owner, started, memory_gb }: WriterData): Promise<TableWriter> {
  await mkdir(parts, { recursive: true });
  await removeLeftovers(parts, owner, started);
  const session = await openSession({ readable: [parts], threads: 1, memory_gb });
  const tables = new Map<number, OpenTable>();
  let stopped = false;
  const forget = async (id: number) => {
    tables.delete(id);
    await session.run(`DROP TABLE IF EXISTS rows_${id}`);
    await session.run(`DROP TABLE IF EXISTS levels_${id}`);
  };
  return {
    async serve(request) {
      const { id } = request;
      if (stopped) return { id, kind: "lost", problem: "the log was closed" };
      try {
        if (request.kind === "forget") await forget(id);
        if (request.kind === "append") await append(session, tables, request);
        if (request.kind !== "write") return null;
        const bytes = await write(session, tables.get(id), {
          id,
          path: request.path,
          aside: join(parts, partName(owner, id)),
        });
        await forget(id);
        return { id, kind: "written", bytes };
      } catch (error) {
        const problem = wordsOf(error);
        if (request.kind === "write" && tables.has(id)) return { id, kind: "failed", problem };
        await forget(id).catch(() => {});
        return { id, kind: "lost", problem };
      }
    },
    async stop(waits) {
      stopped = true;
      session.interrupt();
      await waits;
      for (const opened of tables.values()) closeAppenders(opened);
      session[Symbol.dispose]();
    },
  };
}

async function append(
  session: Session,
  tables: Map<number, OpenTable>,
  { id, table, rows, columns, levels }: Extract<WriterRequest, { kind: "append" }>,
): Promise<void> {
  const opened = tables.get(id) ?? (await openTable(session, id, table));
  tables.set(id, opened);
  const values = columns.map((column) => (column && "text" in column ? splitTexts(column) : column));
  for (let start = 0; start < rows; start += chunkRows) {
    const end = Math.min(rows, start + chunkRows);
    opened.appender?.append(end - start, (at) => sliceOf(values[at] ?? null, start, end));
  }
  for (const { column, first, texts } of levels) {
    opened.texts.set(column, first + texts.length);
    for (let start = 0; start < texts.length; start += chunkRows) {
      const some = texts.slice(start, start + chunkRows);
      const of = [() => some.map(() => column), () => some.map((_, at) => first + start + at), () => some];
      opened.levels?.append(some.length, (at) => of[at]!());
    }
  }
}

async function openTable(session: Session, id: number, table: LogTable | null): Promise<OpenTable> {
  if (!table) throw new Error("its first rows were lost");
  const defined = table.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
  await session.run(`CREATE TEMP TABLE rows_${id} (${defined})`);
  await session.run(`CREATE TEMP TABLE levels_${id} ("column" INTEGER, code INTEGER, "text" VARCHAR)`);
  const types = table.columns.map(({ type }) => type);
  return {
    table,
    appender: await session.appender(`rows_${id}`, types),
    levels: await session.appender(`levels_${id}`, ["INTEGER", "INTEGER", "VARCHAR"]),
    texts: new Map(),
  };
}

type Values = Exclude<LoggedColumn, { text: string }> | readonly (string | null)[];

function sliceOf(column: Values, start: number, end: number): ReturnType<Parameters<Appender["append"]>[1]> {
  if (column === null) return null;
  return Array.isArray(column) ? column.slice(start, end) : (column as FilledNumbers).subarray(start, end);
}

/** Written aside, on the disk for good, then renamed: a reader sees all of it or nothing. Gives its bytes. */
async function write(
  session: Session,
  opened: OpenTable | undefined,
  { id, path, aside }: { id: number; path: string; aside: string },
): Promise<number> {
  if (!opened) throw new Error("its rows were lost");
  const { table } = opened;
  try {
    closeAppenders(opened);
    for (const column of table.texts) {
      const listed = `ENUM (SELECT "text" FROM levels_${id} WHERE "column" = ${column} ORDER BY code)`;
      const type = (opened.texts.get(column) ?? 0) > fewTexts ? "VARCHAR" : listed;
      await session.run(`CREATE OR REPLACE TEMP TYPE ${textType(column)} AS ${type}`);
    }
    const metadata = table.metadata === null ? "" : `, KV_METADATA ${table.metadata}`;
    await session.run(
      `COPY (WITH levels AS (FROM levels_${id}) ${table.query} rows_${id} AS scores) TO ${quoteText(aside)} (FORMAT parquet, COMPRESSION zstd${metadata})`,
    );
    await flushToDisk(aside);
    const { size } = await stat(aside);
    await mkdir(dirname(path), { recursive: true });
    await rename(aside, path);
    return size;
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw error;
  }
}

/** In a line, without the folders of this machine. */
function wordsOf(error: unknown): string {
  const text = engineFailure(error)?.message ?? (error instanceof Error ? error.message : String(error));
  const [line = ""] = text.split("\n");
  return line.replaceAll(/(?:\/[^\s/"']+)+\//g, "…/").slice(0, 300);
}

/** `host~12345~serve-1a2b3c4d~7.part`. */
function partName({ host, pid, writer }: WriterOwner, number: number): string {
  return `${host.replaceAll(/[^A-Za-z0-9.-]/g, "-")}~${pid}~${writer}~${number}.part`;
}

/**
 * Removes what writers that are gone left behind. One of this machine is gone when its process is, or when its number is ours by
 * now: in a container that started again every process has the number it had before.
 */
async function removeLeftovers(parts: string, owner: WriterOwner, now: number): Promise<void> {
  for (const name of await readdir(parts).catch(() => [])) {
    const [, host, pid, writer] = /^([^~]+)~(\d+)~([^~]+)~\d+\.part$/.exec(name) ?? [];
    if (host === undefined || writer === owner.writer) continue;
    const path = join(parts, name);
    const isLocal = host === partName(owner, 0).split("~")[0];
    const isGone = isLocal
      ? Number(pid) === owner.pid || !isRunning(Number(pid))
      : now - ((await stat(path).catch(() => null))?.mtimeMs ?? now) > abandonedAfterMs;
    if (isGone) await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is somebody else's, and there
  }
}
