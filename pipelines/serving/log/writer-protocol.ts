import type { LoggedColumn, LoggedLevels, LogTable } from "./log-writer.ts";

/** Where the writer thread works, and who it is to those that come after it. */
export interface WriterData {
  /** For files that are not whole yet; on the file system of the log. */
  parts: string;
  owner: WriterOwner;
  /** Milliseconds since 1970. */
  started: number;
  memory_gb: number;
}

/** The process that writes: its unfinished files are removed by others only once it is gone. */
export interface WriterOwner {
  host: string;
  pid: number;
  /** Told apart from all other writers of the same log; the beginning of its files' names. */
  writer: string;
}

/** Rows on their way into a table, and the texts that they have and those before them had not. */
export interface LoggedBlock {
  rows: number;
  columns: readonly LoggedColumn[];
  levels: readonly LoggedLevels[];
}

/** What the thread is asked for, in this order for each table. */
export type WriterRequest =
  /** Adds rows; the first time with what the table is. */
  | ({ kind: "append"; id: number; table: LogTable | null } & LoggedBlock)
  /** Writes the rows to a file and forgets them; they stay when it cannot be written. */
  | { kind: "write"; id: number; path: string }
  | { kind: "forget"; id: number };

/** That it is to end: what is under way is stopped, what waits is not done. */
export const stopWriting = "stop";

/** `written`: the file is whole and in place. `failed`: it is not, and can be tried again. `lost`: the rows are gone. */
export type WriterReply = { id: number } & (
  | { kind: "written"; bytes: number }
  | { kind: "failed" | "lost"; problem: string }
);
