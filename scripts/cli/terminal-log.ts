import { type Log, type Step, silentLog } from "../../pipelines/ports/host.ts";
import { cutText, textWidth, wrapText } from "../../pipelines/report/terminal/text-table.ts";

interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const barWidth = 20;
/** On a screen of fewer columns the bar is short, so that the estimate and what is done stand beside it. */
const narrow = 60;
const shortBarWidth = 8;
const titleWidth = 10;
/** Where the seconds of a finished step end. */
const lineEnd = 89;
/** Nothing is estimated from less: it would be about how work begins. */
const soonestSeconds = 2;
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
    stream.write(`${closingLines(stream, title, done?.(result) ?? "done", started)}\n`);
    return result;
  } catch (error) {
    stream.write(`${stream.isTTY ? "\r\u001b[K" : ""}  ${title.padEnd(titleWidth)} failed\n`);
    throw error;
  }
}

/** What was done and in how many seconds, below the title where the screen is too narrow for one line. */
function closingLines(stream: Stream, title: string, text: string, started: number): string {
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const label = `  ${title.padEnd(titleWidth)} `;
  const width = screenWidth(stream);
  const lineWidth = Math.min(lineEnd, width);
  const space = lineWidth - textWidth(`${label}${text}${seconds}`);
  if (space >= 2 || width >= textWidth(`${label}${text}  ${seconds}`))
    return `${label}${text}${" ".repeat(Math.max(2, space))}${seconds}`;
  const indent = " ".repeat(label.length);
  return wrapText(`${text}  ${seconds}`, Math.max(1, width - label.length))
    .map((line, at) => `${at === 0 ? label : indent}${line}`)
    .join("\n");
}

function screenWidth({ isTTY, columns }: Stream): number {
  return (isTTY && columns) || Number.POSITIVE_INFINITY;
}

function drawBar(stream: Stream, title: string): Step["update"] {
  const estimate = remaining();
  let drawn = 0;
  return (fraction, detail = "") => {
    const now = performance.now();
    const left = estimate(fraction, now);
    if (now - drawn < redrawEveryMs) return;
    drawn = now;
    const width = screenWidth(stream);
    const bars = width < narrow ? shortBarWidth : barWidth;
    const full = Math.round((fraction ?? 0) * bars);
    const bar = fraction === null ? "…" : `${"█".repeat(full)}${"░".repeat(bars - full)}`;
    const text = `  ${title.padEnd(titleWidth)} ${[bar, left, detail].filter((part) => part !== "").join("  ")}`;
    stream.write(`\r\u001b[K${cutText(text, width - 1)}`);
  };
}

function printNowAndThen(stream: Stream, title: string, started: number): Step["update"] {
  const estimate = remaining();
  let printed = started;
  return (fraction, detail = "") => {
    const now = performance.now();
    const left = estimate(fraction, now);
    if (now - printed < plainEveryMs) return;
    printed = now;
    const percent = fraction === null ? "" : ` ${Math.round(fraction * 100)}%`;
    stream.write(
      `  ${title.padEnd(titleWidth)} …${percent} ${[detail, left].filter((part) => part !== "").join("  ")}\n`,
    );
  };
}

/** How long the rest takes at the pace since the first sign of progress; empty while nothing can be said. */
function remaining(): (fraction: number | null, now: number) => string {
  let first: { fraction: number; at: number } | null = null;
  return (fraction, now) => {
    if (fraction === null) return "";
    if (first === null || fraction < first.fraction) first = { fraction, at: now };
    const [seconds, share] = [(now - first.at) / 1000, fraction - first.fraction];
    if (seconds < soonestSeconds || share <= 0 || fraction >= 1) return "";
    return `${durationText((seconds / share) * (1 - fraction))} left`;
  };
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(seconds / 3600).toPrecision(2)} h`;
}
