import { formatCount, formatNumber } from "../../statistics/format-number.ts";
import { type Html, html } from "./html.ts";

const longestValue = 120;

/** What others wrote: a name, a reason, a value. It keeps its own direction, and is cut where it would fill the page. */
export function foreign(text: string, longest = Number.POSITIVE_INFINITY): Html {
  return html`<bdi>${text.length > longest ? cutTo(text, longest) : text}</bdi>`;
}

function cutTo(text: string, longest: number): string {
  const characters = Array.from(text);
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : text;
}

/** A value of a row; a missing one is told apart from an empty text. */
export function cell(value: number | string | null): Html {
  if (value === null) return html`<span class="missing">missing</span>`;
  if (typeof value === "number") return html`${formatNumber(value, 6)}`;
  return value === "" ? html`<span class="missing">empty</span>` : foreign(value, longestValue);
}

/** `14:12 UTC`, with the date when it was another day. */
export function moment(time: Date | string, now: Date): Html {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return foreign(String(time), longestValue);
  const iso = date.toISOString();
  const clock = `${iso.slice(11, 16)} UTC`;
  const text = iso.slice(0, 10) === now.toISOString().slice(0, 10) ? clock : `${iso.slice(0, 10)} ${clock}`;
  return html`<time datetime="${iso}">${text}</time>`;
}

/** `3 s ago`, `5 min ago`, `2 h ago`, `4 days ago`; a moment that lies ahead is now. */
export function ago(time: Date, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - time.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${formatCount(Math.floor(seconds / 86_400))} days ago`;
}

/** `4 ms`, `0.42 ms`. */
export function milliseconds(value: number): string {
  return `${formatNumber(value, value < 10 ? 2 : 3)} ms`;
}
