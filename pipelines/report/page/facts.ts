import { type Axis, readSeries } from "../../evaluation/pictures/pictures.ts";
import { formatCount, formatNumber, formatPercent, formatSigned } from "../../statistics/format-number.ts";
import { foreign, type Html, html } from "./html.ts";

/** How a number is written. */
export type Format = (value: number) => string;

/**
 * A record as `--json` gives it, of which a page tells. What is shown is looked up by its path, and the path stands beside it, so
 * that page and record can be compared whole: `data-path` below the `data-root` of what it is in.
 */
export class Facts {
  readonly record: unknown;

  constructor(record: unknown) {
    this.record = record;
  }

  /** A part of the record, for an element that has `data-root="path"`. */
  at(path: string): Facts {
    return new Facts(this.value(path));
  }

  /** What is at a path; a number of a series is at its place in it. */
  value(path: string): unknown {
    return path === "" ? this.record : path.split(".").reduce(member, this.record);
  }

  /** A number of the record, or a dash where it has none. */
  number(path: string, format: Format = formatNumber): Html {
    const value = this.value(path);
    if (typeof value !== "number") return html`<span class="none">–</span>`;
    return html`<data data-path="${path}" value="${String(value)}">${format(value)}</data>`;
  }

  /** Where a part of an axis begins, which follows from the axis. */
  edge(path: string, at: number, digits?: number): Html {
    const { from, to, bins } = this.value(path) as Axis;
    return html`<data data-axis="${path}" data-at="${at}">${formatNumber(from + (at * (to - from)) / bins, digits)}</data>`;
  }

  count(path: string): Html {
    return this.number(path, formatCount);
  }

  signed(path: string): Html {
    return this.number(path, (value) => formatSigned(value));
  }

  percent(path: string): Html {
    return this.number(path, (value) => formatPercent(value));
  }

  /** `−16.4 … −1.72` */
  interval(path: string, format: Format = (value) => formatSigned(value)): Html {
    if (this.value(path) === null || this.value(path) === undefined) return html``;
    return html`<span class="interval">${this.number(`${path}.low`, format)} … ${this.number(`${path}.high`, format)}</span>`;
  }

  /** A text of the record as it is, cut where it would fill the page. */
  text(path: string, longest = 300): Html {
    const value = this.value(path);
    if (value === null || value === undefined || value === "") return html`<span class="none">–</span>`;
    return html`<span data-text="${path}">${foreign(String(value), longest)}</span>`;
  }

  /** The day of a time in ISO form. */
  day(path: string): Html {
    const value = this.value(path);
    if (typeof value !== "string" || Number.isNaN(Date.parse(value))) return this.text(path, 40);
    return html`<time data-text="${path}" datetime="${value}">${value.slice(0, 10)}</time>`;
  }
}

function member(holder: unknown, key: string): unknown {
  if (typeof holder === "string") return readSeries(holder)[Number(key)];
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return undefined;
  return (holder as Record<string, unknown>)[key];
}
