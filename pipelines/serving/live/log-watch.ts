import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Log } from "../../ports/host.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import type { ModelTable, TableEntry } from "../serving-facts.ts";
import type { UsageBook } from "../usage.ts";
import type { LiveFindings } from "./look-at-log.ts";

/** Looks at the server's own prediction log now and then. */
export interface LogWatch extends AsyncDisposable {
  /** What the last look found of the versions that answer; null before there was one. */
  of(entry: TableEntry): LiveFindings | null;
}

export interface LogWatchOptions {
  table: Pick<ModelTable, "all">;
  usage: Pick<UsageBook, "of">;
  /** Root of the log's files on this machine; null: there are none to look at. */
  folder: string | null;
  /** The registry as it is served; null before it was read. */
  snapshot(): Snapshot | null;
  /** Milliseconds between two looks at a model; 0: none. */
  every: number;
  /** After a look nothing is looked at for so many times as long as it took. */
  rest?: number;
  clock: Clock;
  log: Log;
}

/** Milliseconds until the first look, and between two looks at what is due. */
const [first, tick] = [30_000, 1000];
/** Milliseconds until what was answered is in a file, with room: a file is written when its first row is a minute old. */
const settling = 120_000;
/** One core in twenty. */
const usualRest = 19;

interface Looked {
  /** Of which versions. */
  versions: string;
  at: number;
  /** Answered when it was looked at, and since which look they were as many. */
  rows: number;
  since: number;
  findings: LiveFindings | null;
}

/**
 * Looks at one model after another, each every `every` milliseconds at most and only when rows have come or versions changed. What
 * goes wrong is said once and tried again: nothing depends on it.
 */
export function openLogWatch(options: LogWatchOptions): LogWatch {
  const { table, usage, folder, every, rest = usualRest, log } = options;
  const looked = new Map<string, Looked>();
  const over = new AbortController();
  const { signal } = over;
  const pause = (ms: number) => sleep(ms, undefined, { ref: false, signal }).catch(() => undefined);
  let said = "";
  const rowsOf = (entry: TableEntry) =>
    usage
      .of(entry)
      .totals()
      .reduce((sum, { rows }) => sum + rows, 0);
  const isDue = (entry: TableEntry): boolean => {
    const last = looked.get(entry.name);
    if (last?.versions !== versionsOf(entry)) return true;
    const isSettled = rowsOf(entry) === last.rows && last.at - last.since > settling;
    return performance.now() - last.at >= every && !isSettled;
  };
  const find = async ({ name, pair }: TableEntry): Promise<LiveFindings | null> => {
    const snapshot = options.snapshot();
    if (pair === null || snapshot === null || folder === null) return null;
    // What it takes is loaded when it is needed, which is not at the start.
    const { lookApart } = await import("./look-apart.ts");
    return lookApart(pair, { folder: join(folder, name), snapshot, now: options.clock.now(), signal });
  };
  const look = async (entry: TableEntry) => {
    const [versions, rows, at] = [versionsOf(entry), rowsOf(entry), performance.now()];
    const before = looked.get(entry.name);
    const findings = await find(entry).catch((error: Error) => {
      if (said !== error.message && !signal.aborted)
        log.warn(`the log of ${entry.name} cannot be looked at: ${error.message}`);
      said = error.message;
      return null;
    });
    const isSame = before?.versions === versions && before.rows === rows;
    looked.set(entry.name, { versions, at, rows, since: isSame ? before.since : at, findings });
  };
  const watch = async () => {
    await pause(Math.min(every, first));
    while (!signal.aborted) {
      for (const entry of table
        .all()
        .filter(({ pair }) => pair !== null)
        .filter(isDue)) {
        const started = performance.now();
        await look(entry);
        await pause(rest * (performance.now() - started));
        if (signal.aborted) return;
      }
      await pause(Math.min(every, tick));
    }
  };
  const watching = folder === null || every === 0 ? null : watch();
  return {
    of(entry) {
      const found = looked.get(entry.name);
      return found?.versions === versionsOf(entry) ? found.findings : null;
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await watching;
    },
  };
}

/** A trial that begins again is another one. */
function versionsOf({ pair }: TableEntry): string {
  const { challenger = null, production } = pair ?? {};
  return JSON.stringify([
    production?.record.digest,
    challenger?.model.record.digest,
    challenger?.model.placement.since,
  ]);
}
