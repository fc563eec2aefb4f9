import { cell, foreign, type Html, html, milliseconds } from "../../report/page/html.ts";
import { formatNumber, formatPercent } from "../../statistics/format-number.ts";
import type { LastPrediction, ModelFacts } from "../serving-facts.ts";

const mostRows = 10;

/** The last rows that were answered, newest first: what was asked and what was said. */
export function predictionsTable({ name, last }: ModelFacts, now: Date): Html {
  if (last.length === 0) return html`<h3>Last predictions</h3><p>None since the server was started.</p>`;
  const shown = last.slice(0, mostRows);
  const features = [...new Set(shown.flatMap((row) => Object.keys(row.features)))];
  const keyed = shown.some(({ key }) => key !== null);
  return html`<h3>Last predictions</h3>
<div class="scroll" role="region" tabindex="0" aria-label="Last predictions of ${name}"><table>
<thead><tr><th scope="col">time</th><th scope="col">version</th>${keyed && html`<th scope="col">key</th>`}<th scope="col">prediction</th>${features.map((each) => html`<th scope="col">${foreign(each, 60)}</th>`)}<th scope="col" class="number">took</th></tr></thead>
<tbody>${shown.map((row) => predictionRow(row, { features, keyed, now }))}</tbody></table></div>`;
}

function predictionRow(
  { time, version, arm, key, features: values, prediction, probability, latency_ms }: LastPrediction,
  { features, keyed, now }: { features: readonly string[]; keyed: boolean; now: Date },
): Html {
  const said = typeof prediction === "number" ? html`${formatNumber(prediction, 6)}` : cell(prediction);
  return html`<tr><td>${clock(time, now)}</td><td>v${version}${arm !== "production" && ` ${arm}`}</td>${keyed && html`<td>${cell(key)}</td>`}
<td class="said">${said}${probability !== null && html` <span class="aside">${formatPercent(probability)}</span>`}</td>
${features.map((each) => html`<td>${cell(Object.hasOwn(values, each) ? values[each]! : null)}</td>`)}<td class="number">${milliseconds(latency_ms)}</td></tr>\n`;
}

/** With seconds, as several come in a minute. */
function clock(time: Date, now: Date): Html {
  const iso = time.toISOString();
  const isToday = iso.slice(0, 10) === now.toISOString().slice(0, 10);
  return html`<time datetime="${iso}">${isToday ? "" : `${iso.slice(0, 10)} `}${iso.slice(11, 19)}</time>`;
}
