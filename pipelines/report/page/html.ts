import { visibleText } from "../../errors/inert-markdown.ts";
import { formatCount, formatNumber } from "../../statistics/format-number.ts";

/** Text that is HTML already; anything else is escaped where it is put in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/**
 * HTML from a template: what is put in is text, shown as it is, whatever stands in it, unless it is Html; null, undefined and false are
 * nothing. Characters that nobody sees, or that turn a line around, are shown as such.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = texts[0]!;
  for (let at = 0; at < parts.length; at += 1) text += plain(parts[at]!) + texts[at + 1]!;
  return new Html(text);
}

function plain(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(plain).join("");
  const text = String(part);
  return isPlain.test(text) ? text : escaped(visibleText(text));
}

/** Most of what a long table holds: nothing in it is escaped or made visible. */
const isPlain = /^[\w .,:;+/()=#@*{}[\]|~%!?$^-]*$/;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** A column of a table of facts. */
interface FactColumn<Row> {
  header: string | Html;
  cell(row: Row): Html | string;
  /** To the right, as numbers are. */
  isNumber?: boolean;
  /** Names its row. */
  isName?: boolean;
}

/** A table that scrolls by itself where it is wider than the page, by keyboard too. */
export function factTable<Row>(label: string, columns: readonly FactColumn<Row>[], rows: readonly Row[]): Html {
  const kind = ({ isNumber }: FactColumn<Row>) => isNumber === true && html` class="number"`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
<thead><tr>${columns.map((column) => (column.header === "" ? html`<td></td>` : html`<th scope="col"${kind(column)}>${column.header}</th>`))}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${columns.map((column) => cellOf(column, row, kind(column)))}</tr>\n`)}</tbody></table></div>`;
}

function cellOf<Row>(column: FactColumn<Row>, row: Row, kind: Html | false): Html {
  return column.isName
    ? html`<th scope="row"${kind}>${column.cell(row)}</th>`
    : html`<td${kind}>${column.cell(row)}</td>`;
}

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
