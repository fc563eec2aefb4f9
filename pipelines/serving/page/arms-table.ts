import { foreign, type Html, html, milliseconds, moment } from "../../report/page/html.ts";
import { countOf, formatCount, formatNumber, formatPercent, formatSigned } from "../../statistics/format-number.ts";
import type { Agreement } from "../comparison/arm-facts.ts";
import type { LiveArm, LiveTrial } from "../live/live-findings.ts";
import type { LabelledDifference, ModelFacts, ServedVersion } from "../serving-facts.ts";

/** `shadow`, `challenger (10% of keys)` */
export function armOf({ arm, share }: ServedVersion): string {
  return share === null ? arm : `${arm} (${formatPercent(share)} of keys)`;
}

/** `: rmse −0.3 (−0.5 … −0.1) on 8,120 labelled` */
export function comparisonOf(comparison: LabelledDifference | null | undefined): Html {
  if (!comparison) return html``;
  const { metric, difference, low, high, rows } = comparison;
  const interval = `${formatSigned(difference)} (${formatSigned(low)} … ${formatSigned(high)})`;
  return html`: ${metric} ${interval} on ${formatCount(rows)} labelled`;
}

/** Versions of a model side by side: what they answered, what the log says that they predicted, and which is better. */
export function armsTable({ versions, comparison, name, live }: ModelFacts, now: Date): Html {
  const rows = versions.map(
    (
      each,
    ) => html`<tr><th scope="row">v${each.version}</th><td>${armOf(each)}</td><td class="number">${formatCount(each.requestsPerMinute)}</td>
<td class="number">${formatCount(each.rows)}</td><td class="number">${formatCount(each.failed)}</td>
<td class="number">${each.latency ? milliseconds(each.latency.p50) : "–"}</td><td class="number">${each.latency ? milliseconds(each.latency.p99) : "–"}</td></tr>\n`,
  );
  const header = html`<th scope="col">version</th><th scope="col">role</th>${numberColumns("requests/min", "rows", "failed", "p50", "p99")}`;
  return html`<h3>Beside production</h3>
<p>${comparison ? html`Challenger less production${comparisonOf(comparison)} rows; ${verdict(comparison)}.` : html`Which is better, once labels have arrived: <code>mergeml compare ${name}</code>`}</p>
${table(`Versions of ${name} side by side`, header, rows)}
${live?.trial ? trialOf(live.trial, name, moment(live.looked, now)) : html`<p>What they predicted: not looked at yet.</p>`}`;
}

function trialOf({ production, challenger, agreement }: LiveTrial, name: string, looked: Html): Html {
  const isClasses = production.labels.length + challenger.labels.length > 0;
  const columns = isClasses ? numberColumns("rows") : numberColumns("rows", "mean", "5%", "median", "95%");
  const header = html`<th scope="col">version</th>${columns}${isClasses && html`<th scope="col">labels</th>`}${numberColumns("log's p50", "log's p99")}`;
  const rows = [production, challenger].map(
    (arm) => html`<tr><th scope="row">v${arm.version}</th>${cells(arm, isClasses)}</tr>\n`,
  );
  return html`<p>What they predicted, by the log as of ${looked}${agreement && html`: ${agreementWords(agreement)}`}.</p>
${table(`What versions of ${name} predicted`, header, rows)}`;
}

function cells({ rows, predictions, labels, latency }: LiveArm, isClasses: boolean): Html {
  const number = (text: string) => html`<td class="number">${text}</td>`;
  const { mean, p5, p50, p95 } = predictions ?? {};
  const spread = [mean, p5, p50, p95].map((value) => number(value === undefined ? "–" : formatNumber(value)));
  const shares = labels
    .slice(0, mostLabels)
    .map(({ label, share }, at) => html`${at > 0 && ", "}${foreign(label, longestLabel)} ${formatPercent(share)}`);
  const said = isClasses ? html`<td>${shares}</td>` : html`${spread}`;
  const took = [latency?.p50, latency?.p99].map((value) => number(value === undefined ? "–" : milliseconds(value)));
  return html`${number(formatCount(rows))}${said}${took}`;
}

const [mostLabels, longestLabel] = [5, 40];

function agreementWords({ rows, mean_difference, mean_absolute_difference, same_label }: Agreement): Html {
  const of = `on ${countOf(rows, "row")} of both`;
  if (same_label !== null) return html`the same label in ${formatPercent(same_label)} ${of}`;
  return html`the challenger's less production's ${formatSigned(mean_difference ?? 0)} on average, ${formatNumber(mean_absolute_difference ?? 0)} apart, ${of}`;
}

function numberColumns(...names: string[]): Html {
  return html`${names.map((name) => html`<th scope="col" class="number">${name}</th>`)}`;
}

function table(label: string, header: Html, rows: readonly Html[]): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
<thead><tr>${header}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function verdict({ direction, low, high }: LabelledDifference): string {
  if (low <= 0 && high >= 0) return "the interval includes zero, so that neither is known to be better";
  return high < 0 === (direction === "min") ? "the challenger is better" : "production is better";
}
