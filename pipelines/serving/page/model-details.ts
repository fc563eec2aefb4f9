import { cell, foreign, type Html, html, milliseconds, moment } from "../../report/page/html.ts";
import { countOf, formatCount, formatNumber, formatPercent, formatSigned } from "../../statistics/format-number.ts";
import type { LastCheck } from "../../watch/last-check.ts";
import type { Agreement } from "../comparison/trial-notes.ts";
import type { LiveArm, LiveTrial } from "../live/look-at-log.ts";
import type { LabelledDifference, LastPrediction, ModelFacts, ServedVersion } from "../serving-facts.ts";

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

/** In words and a sign of its own, so that colour says nothing by itself. */
const words: Readonly<Record<LastCheck["outcome"], readonly [sign: string, words: string, kind: string]>> = {
  clean: ["●", "no drift", "good"],
  drift: ["▲", "drifting", "bad"],
  silent: ["▲", "no rows any more", "bad"],
  "too few rows": ["○", "too few rows to tell drift", "open"],
};

function stateOf(outcome: LastCheck["outcome"], more: Html): Html {
  const [sign, says, kind] = words[outcome];
  return html`<span class="state ${kind}"><span aria-hidden="true">${sign}</span> ${says}${more}</span>`;
}

/** What the model's line says of drift: what the server saw in its own log, else what was found where it runs. */
function driftParts({ live, drift }: ModelFacts): Html[] {
  if (live?.drift) return [stateOf(live.drift.outcome, html``)];
  return drift ? [lastCheckWords(drift)] : [];
}

/** The same in full: of the log with when it was looked at, and of the last check where there was one. */
function driftFacts({ live, drift }: ModelFacts, now: Date): [string, Html][] {
  return [
    ["drift of the log", live ? liveWords(live, now) : html`not looked at yet`],
    ...(drift ? [["last check", lastCheckWords(drift)] as [string, Html]] : []),
  ];
}

/** `▲ drifting: size, city, 1,204 rows since 09:14 UTC; looked at 14:12 UTC` */
function liveWords({ drift, rows, window, looked }: NonNullable<ModelFacts["live"]>, now: Date): Html {
  const span = html`${countOf(rows, "row")} since ${moment(window.from, now)}; looked at ${moment(looked, now)}`;
  if (drift === null) return html`${rows === 0 ? "nothing to compare" : "this version has no profile"}: ${span}`;
  const named = drift.columns.slice(0, mostColumns).map((name, at) => html`${at > 0 && ", "}${foreign(name)}`);
  // Columns of little weight may move without the model.
  const among = drift.outcome === "drift" ? " in " : ", although these moved: ";
  const more = drift.columns.length > mostColumns && `, ${drift.columns.length - mostColumns} more`;
  return html`${stateOf(drift.outcome, html``)}${named.length > 0 && html`${among}${named}${more}`}, ${span}`;
}

const mostColumns = 5;

function lastCheckWords({ outcome, window }: LastCheck): Html {
  const last = new Date(Date.parse(window.to) - 1);
  const until = Number.isNaN(last.getTime()) ? "" : ` (until ${last.toISOString().slice(0, 10)})`;
  return stateOf(outcome, html`${until}`);
}

/** `shadow`, `challenger (10% of keys)` */
function armOf({ arm, share }: ServedVersion): string {
  return share === null ? arm : `${arm} (${formatPercent(share)} of keys)`;
}

/** `: rmse −0.3 (−0.5 … −0.1) on 8,120 labelled` */
function comparisonOf(comparison: LabelledDifference | null | undefined): Html {
  if (!comparison) return html``;
  const { metric, difference, low, high, rows } = comparison;
  const interval = `${formatSigned(difference)} (${formatSigned(low)} … ${formatSigned(high)})`;
  return html`: ${metric} ${interval} on ${formatCount(rows)} labelled`;
}

/** Versions of a model side by side: what they answered, what the log says that they predicted, and which is better. */
function armsTable({ versions, comparison, name, live }: ModelFacts, now: Date): Html {
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

const mostRows = 10;

/** The last rows that were answered, newest first: what was asked and what was said. */
function predictionsTable({ name, last }: ModelFacts, now: Date): Html {
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
