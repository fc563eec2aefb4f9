import { type Html, html } from "../../report/page/html.ts";
import { foreign, milliseconds, moment } from "../../report/page/phrases.ts";
import { formatCount, formatNumber, formatPercent, formatSigned } from "../../statistics/format-number.ts";
import type { LastCheck } from "../../watch/last-check.ts";
import type { LabelledDifference, ModelFacts, ServedVersion } from "../serving-facts.ts";
import { predictionsTable } from "./predictions-table.ts";

/** One model: a line that says what is in production, and what opens below it. */
export function modelDetails(model: ModelFacts, { now, open }: { now: Date; open: boolean }): Html {
  const { name, versions } = model;
  const production = versions.find((each) => each.arm === "production");
  return html`<details class="model" id="model-${name}"${open && html` open`}>
<summary><h2>${foreign(name)}${production && html` <span class="version">v${production.version}</span>`}</h2>
<span class="line">${summaryLine(model, production, now)}</span></summary>
${production ? deployed(model, production, now) : html`<p>${undeployed(model)}</p>`}
</details>`;
}

function undeployed({ undeployed }: ModelFacts): Html {
  return html`Nothing answers: ${foreign(undeployed ?? "no version could be loaded")}. Callers get 404.`;
}

/** `since 14:12 UTC · promoted by octocat (#41) · 1,204 requests/min · p99 4 ms · shadow v6: rmse −0.3 (…)` */
function summaryLine(model: ModelFacts, production: ServedVersion | undefined, now: Date): Html {
  if (production === undefined) return html`nothing in production`;
  const { since, requestsPerMinute, latency } = production;
  const parts = [
    html`since ${moment(since, now)}`,
    html`promoted by ${who(production)}`,
    html`${formatCount(requestsPerMinute)} requests/min`,
    ...(latency ? [html`p99 ${milliseconds(latency.p99)}`] : []),
    ...(model.drift ? [driftWord(model.drift)] : []),
    ...challengers(model).map((each) => html`${armOf(each)} v${each.version}${comparisonOf(model.comparison)}`),
  ];
  return html`${parts.map((part, index) => html`${index > 0 && html` <span aria-hidden="true">·</span> `}<span class="part">${part}</span>`)}`;
}

function who({ by, pull_request }: ServedVersion): Html {
  return html`${foreign(by)}${pull_request !== null && ` (#${pull_request})`}`;
}

function challengers({ versions }: ModelFacts): ServedVersion[] {
  return versions.filter(({ arm }) => arm !== "production");
}

function armOf({ arm, share }: ServedVersion): string {
  return share === null ? arm : `${arm} (${formatPercent(share)} of keys)`;
}

function comparisonOf(comparison: LabelledDifference | null | undefined): Html {
  if (!comparison) return html``;
  const { metric, difference, low, high, rows } = comparison;
  const interval = `${formatSigned(difference)} (${formatSigned(low)} … ${formatSigned(high)})`;
  return html`: ${metric} ${interval} on ${formatCount(rows)} labelled`;
}

/** In words and a sign of its own, so that colour says nothing by itself. */
function driftWord({ outcome, window }: LastCheck): Html {
  const [sign, words, kind] = driftWords[outcome];
  const last = new Date(Date.parse(window.to) - 1);
  const until = Number.isNaN(last.getTime()) ? "" : ` (until ${last.toISOString().slice(0, 10)})`;
  return html`<span class="state ${kind}"><span aria-hidden="true">${sign}</span> ${words}${until}</span>`;
}

const driftWords: Readonly<Record<LastCheck["outcome"], readonly [sign: string, words: string, kind: string]>> = {
  clean: ["●", "no drift", "good"],
  drift: ["▲", "drifting", "bad"],
  silent: ["▲", "no rows any more", "bad"],
  "too few rows": ["○", "too few rows to tell drift", "open"],
};

function deployed(model: ModelFacts, production: ServedVersion, now: Date): Html {
  return html`${reason(production)}
<dl class="facts">${facts(model, production).map(([term, value]) => html`<div${term === "drift" && html` class="wide"`}><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${challengers(model).length > 0 && armsTable(model)}
${predictionsTable(model, now)}`;
}

function reason({ why, record }: ServedVersion): Html {
  const hash = record.candidate.model.sha256.replace("sha256:", "").slice(0, 12);
  return html`<p class="why">${why !== null && html`${foreign(why)} <span aria-hidden="true">·</span> `}<code>sha256:${hash}</code></p>`;
}

function facts(model: ModelFacts, production: ServedVersion): [string, Html][] {
  const { requests, rows, failed, latency, record } = production;
  const [primary] = record.evaluation.metrics;
  return [
    ["requests", html`${formatCount(requests)}`],
    ["rows", html`${formatCount(rows)}`],
    ["failed", html`${formatCount(failed)}`],
    ["p50", html`${latency ? milliseconds(latency.p50) : "–"}`],
    ["p99", html`${latency ? milliseconds(latency.p99) : "–"}`],
    ...(typeof primary?.candidate === "number"
      ? [[`judged ${primary.metric}`, html`${formatNumber(primary.candidate)}`] as [string, Html]]
      : []),
    ["drift", model.drift ? driftWord(model.drift) : html`not checked here`],
  ];
}

function armsTable({ versions, comparison, name }: ModelFacts): Html {
  const rows = versions.map(
    (
      each,
    ) => html`<tr><th scope="row">v${each.version}</th><td>${armOf(each)}</td><td class="number">${formatCount(each.requestsPerMinute)}</td>
<td class="number">${formatCount(each.rows)}</td><td class="number">${formatCount(each.failed)}</td>
<td class="number">${each.latency ? milliseconds(each.latency.p50) : "–"}</td><td class="number">${each.latency ? milliseconds(each.latency.p99) : "–"}</td></tr>\n`,
  );
  return html`<h3>Beside production</h3>
<p>${comparison ? html`Challenger less production${comparisonOf(comparison)} rows; ${verdict(comparison)}.` : html`Which is better, once labels have arrived: <code>mergeml compare ${name}</code>`}</p>
<div class="scroll" role="region" tabindex="0" aria-label="Versions of ${name} side by side"><table>
<thead><tr><th scope="col">version</th><th scope="col">role</th><th scope="col" class="number">requests/min</th><th scope="col" class="number">rows</th><th scope="col" class="number">failed</th><th scope="col" class="number">p50</th><th scope="col" class="number">p99</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function verdict({ direction, low, high }: LabelledDifference): string {
  if (low <= 0 && high >= 0) return "the interval includes zero, so that neither is known to be better";
  return high < 0 === (direction === "min") ? "the challenger is better" : "production is better";
}
