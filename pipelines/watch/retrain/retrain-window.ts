import { isDeepStrictEqual } from "node:util";
import type { Scalar } from "yaml";
import type { Json } from "../../config/canonical-json.ts";
import { parseUtc } from "../../config/utc-time.ts";
import { toProblem } from "../../config/yaml/finding.ts";
import { yamlLibrary } from "../../config/yaml/library.ts";
import { openYaml, type YamlFile } from "../../config/yaml/yaml-file.ts";
import { UserError } from "../../errors/expected-error.ts";

/** `features.window` as written: ISO dates or UTC timestamps. */
export interface WrittenWindow {
  start: string;
  /** Exclusive. */
  end: string;
}

/**
 * The data window of a retrain that ends at a later moment, in the old one's notation. `expanding` keeps the start, `sliding`
 * the length: to the millisecond, or in months when old and new window begin and end on the same day of the month. null when
 * the window reaches that far already.
 */
export function moveWindow(window: WrittenWindow, mode: "expanding" | "sliding", newEnd: Date): WrittenWindow | null {
  const [start, end] = [momentOf(window.start), momentOf(window.end)];
  const to = newEnd.getTime();
  if (to <= end) return null;
  const moved = { start: window.start, end: writeMoment(to, window.end) };
  return mode === "expanding" ? moved : { ...moved, start: writeMoment(slide(start, end, to), window.start) };
}

function slide(start: number, end: number, to: number): number {
  const months = wholeMonths(start, end);
  const calendar = months !== null && wholeMonths(end, to) !== null;
  return calendar ? addMonths(to, -months) : to - (end - start);
}

function momentOf(text: string): number {
  const moment = parseUtc(text);
  if (moment === null) throw new Error(`${JSON.stringify(text)} is no date or UTC timestamp`);
  return moment;
}

/** A date when `like` is one and the moment is a midnight; else a timestamp with its separator, seconds and Z. */
function writeMoment(moment: number, like: string): string {
  const date = new Date(Math.floor(moment)).toISOString().slice(0, 10);
  const time = timeOfDay(moment);
  const isDate = like.length === 10;
  if (isDate && time === 0) return date;
  const zone = isDate || like.endsWith("Z") ? "Z" : "";
  return `${date}${isDate ? "T" : like[10]}${writeTime(time, isDate || like.split(":").length > 2)}${zone}`;
}

function writeTime(time: number, withSeconds: boolean): string {
  const micros = Math.round(time * 1000);
  const [minutes, rest] = [Math.floor(micros / 60e6), micros % 60e6];
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  if (rest === 0 && !withSeconds) return clock;
  const fraction = String(rest % 1e6)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return `${clock}:${two(Math.floor(rest / 1e6))}${fraction && `.${fraction}`}`;
}

const sides = ["start", "end"] as const;

/**
 * The text of model.yaml with another `features.window`. Only the characters of the two values change: comments, quotes, line
 * endings and layout stay. Throws UserError when the file is not sound YAML, has no window, or writes it in a way that cannot
 * be edited so.
 */
export function editWindow(text: string, file: string, window: WrittenWindow): string {
  const before = openYaml(text, file);
  refuseUnsound(before);
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  const scalars = scalarsOf(before, content, file);
  const edits = sides.flatMap((side) => editOf(content, scalars[side], window[side]));
  edits.sort((a, b) => b.from - a.from); // from the back, so that the places in front stay right
  const edited = edits.reduce((result, { from, to, put }) => result.slice(0, from) + put + result.slice(to), content);
  if (!isDeepStrictEqual(openYaml(edited, file).value, withWindow(before.value, window))) {
    throw new UserError({
      message: `features.window of ${file} is written in a way that cannot be edited automatically`,
      hint: `write  window: { start: ${window.start}, end: ${window.end} }  by hand`,
      where: before.locate({ path: ["features", "window"], at: "key" }),
    });
  }
  return text.slice(0, text.length - content.length) + edited;
}

function refuseUnsound({ findings, locate }: YamlFile): void {
  if (findings.length === 0) return;
  throw new UserError(findings.map((finding) => toProblem(finding, locate(finding))));
}

/** openYaml has found neither directives nor anchors, tags or aliases, and one document. */
function scalarsOf(yaml: YamlFile, content: string, file: string): Record<(typeof sides)[number], Scalar> {
  const { isScalar, parseDocument } = yamlLibrary();
  const document = parseDocument(content, { schema: "core", uniqueKeys: false, logLevel: "silent" });
  const [start, end] = sides.map((side) => {
    const node = document.getIn(["features", "window", side], true);
    if (isScalar(node) && typeof node.value === "string" && node.range) return node;
    throw nothingToMove(yaml, side, file);
  });
  return { start: start!, end: end! };
}

function nothingToMove(yaml: YamlFile, side: string, file: string): UserError {
  return new UserError({
    message: yaml.has(["features", "window"])
      ? `features.window of ${file} has no ${side} that is a date: there is nothing to move forward`
      : `features.window is missing in ${file}: there is nothing to move forward`,
    hint: "add  window: { start: …, end: … }  to features and use $start and $end in the query",
    where: yaml.locate({ path: ["features", "window", side] }),
  });
}

interface Edit {
  from: number;
  to: number;
  put: string;
}

/** Replaces the value inside its quotes or block; all of the source when the value is not there as it is, e.g. for its escapes. */
function editOf(content: string, { value, range, type }: Scalar, put: string): Edit[] {
  if (value === put) return [];
  const [from, to] = range!;
  // The last, because a block's header may have a comment.
  const place = content.slice(from, to).lastIndexOf(value as string);
  if (place >= 0) return [{ from: from + place, to: from + place + (value as string).length, put }];
  const quote = type === "QUOTE_DOUBLE" ? '"' : type === "QUOTE_SINGLE" ? "'" : "";
  return [{ from, to, put: `${quote}${put}${quote}` }];
}

function withWindow(config: Json | undefined, window: WrittenWindow): Json {
  const { features, ...rest } = config as { features: Record<string, Json> };
  return { ...rest, features: { ...features, window: { ...window } } };
}

/** A moment so many months later (or earlier, when negative), UTC; the month's last day when it is too short for the same day. */
export function addMonths(moment: number, months: number): number {
  const date = new Date(moment);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const first = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month, 1);
  const last = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month + 1, 0);
  const sameDay = first + (date.getUTCDate() - 1) * dayMs;
  return Math.min(sameDay, last) + timeOfDay(moment);
}

/** Whole months between two moments on the same day of the month at the same time; null for any others. */
function wholeMonths(from: number, to: number): number | null {
  const [start, end] = [new Date(from), new Date(to)];
  if (start.getUTCDate() !== end.getUTCDate() || timeOfDay(from) !== timeOfDay(to)) return null;
  return (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
}

/** Milliseconds of a day. */
export const dayMs = 24 * 60 * 60 * 1000;

/** Milliseconds since midnight UTC. */
function timeOfDay(moment: number): number {
  return moment - Math.floor(moment / dayMs) * dayMs;
}
