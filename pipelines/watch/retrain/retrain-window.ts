import { parseUtc } from "../../config/utc-time.ts";
import { addMonths, timeOfDay, wholeMonths } from "./calendar-months.ts";

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
