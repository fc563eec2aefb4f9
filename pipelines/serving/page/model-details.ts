import { foreign, type Html, html, milliseconds, moment } from "../../report/page/html.ts";
import { formatCount, formatNumber } from "../../statistics/format-number.ts";
import type { ModelFacts, ServedVersion } from "../serving-facts.ts";
import { armOf, armsTable, comparisonOf } from "./arms-table.ts";
import { driftFacts, driftParts } from "./drift-words.ts";
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
    ...driftParts(model),
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

function deployed(model: ModelFacts, production: ServedVersion, now: Date): Html {
  return html`${reason(production)}
<dl class="facts">${facts(model, production, now).map(([term, value]) => html`<div${isWide(term) && html` class="wide"`}><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${challengers(model).length > 0 && armsTable(model, now)}
${predictionsTable(model, now)}`;
}

function reason({ why, record }: ServedVersion): Html {
  const hash = record.candidate.model.sha256.replace("sha256:", "").slice(0, 12);
  return html`<p class="why">${why !== null && html`${foreign(why)} <span aria-hidden="true">·</span> `}<code>sha256:${hash}</code></p>`;
}

/** Sentences rather than numbers. */
function isWide(term: string): boolean {
  return term === "drift of the log" || term === "last check";
}

function facts(model: ModelFacts, production: ServedVersion, now: Date): [string, Html][] {
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
    ...driftFacts(model, now),
  ];
}
