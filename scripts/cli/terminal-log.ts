import { type Log, type Step, silentLog } from "../../pipelines/ports/log.ts";

interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const barWidth = 20;
const titleWidth = 10;
/** Plain output says that long work is alive this often, so that a CI log is neither silent nor flooded. */
const plainEveryMs = 10_000;
const redrawEveryMs = 80;

/** A log on standard error: a bar on a terminal, plain lines elsewhere, nothing when machines read. */
export function terminalLog(stream: Stream, quiet: boolean): Log {
  if (quiet) return silentLog;
  const line = (text: string) => stream.write(`${stream.isTTY ? "\r\u001b[K" : ""}${text}\n`);
  return {
    info: (message) => line(message),
    warn: (message) => line(`warning: ${message}`),
    step: (title, work, done) => runStep(stream, title, work, done),
  };
}

async function runStep<T>(
  stream: Stream,
  title: string,
  work: (step: Step) => Promise<T>,
  done?: (result: T) => string,
): Promise<T> {
  const started = performance.now();
  const show = stream.isTTY ? drawBar(stream, title) : printNowAndThen(stream, title, started);
  try {
    const result = await work({ update: show });
    if (stream.isTTY) stream.write("\r\u001b[K");
    const text = done?.(result) ?? "done";
    stream.write(`  ${title.padEnd(titleWidth)} ${text}${secondsColumn(text, started)}\n`);
    return result;
  } catch (error) {
    stream.write(`${stream.isTTY ? "\r\u001b[K" : ""}  ${title.padEnd(titleWidth)} failed\n`);
    throw error;
  }
}

function secondsColumn(text: string, started: number): string {
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  return seconds.padStart(Math.max(seconds.length + 2, 76 - text.length));
}

function drawBar(stream: Stream, title: string): Step["update"] {
  let drawn = 0;
  return (fraction, detail = "") => {
    const now = performance.now();
    if (now - drawn < redrawEveryMs) return;
    drawn = now;
    const full = Math.round((fraction ?? 0) * barWidth);
    const bar = fraction === null ? "…" : `${"█".repeat(full)}${"░".repeat(barWidth - full)}`;
    const text = `  ${title.padEnd(titleWidth)} ${bar}  ${detail}`;
    stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 100) - 1)}`);
  };
}

function printNowAndThen(stream: Stream, title: string, started: number): Step["update"] {
  let printed = started;
  return (fraction, detail = "") => {
    const now = performance.now();
    if (now - printed < plainEveryMs) return;
    printed = now;
    const percent = fraction === null ? "" : ` ${Math.round(fraction * 100)}%`;
    stream.write(`  ${title.padEnd(titleWidth)} …${percent} ${detail}\n`);
  };
}
