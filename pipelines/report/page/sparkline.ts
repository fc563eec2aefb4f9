import { type Html, html } from "./html.ts";

const [width, height] = [84, 20];

/** A line through the values, without words: they stand beside it. The last value has a dot. `limit` is drawn dashed. */
export function drawSparkline(values: readonly number[], limit?: number): Html {
  const shown = values.filter(Number.isFinite).slice(-40);
  if (shown.length < 2) return html``;
  const all = limit === undefined ? shown : [...shown, limit];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const y = (value: number) =>
    (most === least ? height / 2 : height - 3 - ((value - least) / (most - least)) * (height - 6)).toFixed(1);
  const x = (at: number) => (2 + (at / (shown.length - 1)) * (width - 6)).toFixed(1);
  const points = shown.map((value, at) => `${x(at)},${y(value)}`).join(" ");
  return html`<svg class="spark" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">${limit !== undefined && html`<line x1="0" x2="${width}" y1="${y(limit)}" y2="${y(limit)}" stroke-dasharray="3 2" class="limit"/>`}<polyline points="${points}"/><circle cx="${x(shown.length - 1)}" cy="${y(shown.at(-1)!)}" r="2.2"/></svg>`;
}
