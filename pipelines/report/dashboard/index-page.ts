import { formatCount, formatNumber } from "../../statistics/format-number.ts";
import { foreign, type Html, html } from "../page/html.ts";
import { drawSparkline } from "../page/sparkline.ts";
import { humaniseAge } from "../terminal/humanise-age.ts";
import type { DashboardFacts, DashboardModel } from "./data-pages.ts";

/** One table of all models, what needs a person first, with a search box. */
export function indexBody(facts: DashboardFacts): Html {
  const now = new Date(facts.built);
  const models = facts.models.toSorted((a, b) => urgency(b) - urgency(a) || (a.status.model < b.status.model ? -1 : 1));
  const names = environmentNames(models);
  const waiting = models.filter((each) => urgency(each) > 0).length;
  return html`<a class="skip" href="#models">To the table</a><main>
<header><h1>${formatCount(models.length)} ${models.length === 1 ? "model" : "models"}</h1>
<p class="line">${waiting === 0 ? "Nothing needs a person" : `${formatCount(waiting)} ${waiting === 1 ? "needs" : "need"} a person`}. As of <time datetime="${facts.built}">${facts.built.slice(0, 16).replace("T", " ")} UTC</time>. <a href="data/index.html">Datasets and feature views</a></p></header>
<p class="search" hidden><label>Search <input type="search" id="search" autocomplete="off" placeholder="name, owner, state" aria-controls="models"></label> <span id="found" role="status"></span></p>
<div class="scroll" role="region" tabindex="0" aria-label="Models"><table id="models" class="models">
<thead><tr><th scope="col">model</th><th scope="col">state</th>${names.map((name) => html`<th scope="col">${foreign(name, 40)}</th>`)}<th scope="col">metric now</th><th scope="col">drift</th><th scope="col">age</th><th scope="col">owner</th><th scope="col">next</th></tr></thead>
<tbody>${models.map((model) => rowOf(model, names, now))}</tbody></table></div>
${models.length === 0 && html`<p>No models yet: <code>mergeml init</code></p>`}</main>`;
}

/** What needs a person comes first: live data, then what waits for a decision. */
function urgency({ status: { drift, next, automatic } }: DashboardModel): number {
  if (automatic !== null) return 6;
  if (drift?.outcome === "drift" && drift.persistent === "drift") return 5;
  if (drift?.outcome === "silent") return 4;
  if (drift?.outcome === "drift") return 3;
  if (next === "invalid" || next === "removed") return 2;
  return next === "unchanged" ? 0 : 1;
}

/** Those before production, in the order of mergeml.yaml. */
function environmentNames(models: readonly DashboardModel[]): string[] {
  return [...new Set(models.flatMap(({ status }) => Object.keys(status.environments ?? {})))];
}

function rowOf(model: DashboardModel, names: readonly string[], now: Date): Html {
  const { status, versions, owner, windows } = model;
  const [sign, words] = stateOf(model);
  const values = versions.filter(({ metric }) => metric === status.metric).map(({ value }) => value ?? Number.NaN);
  const moved = windows.flatMap(({ prediction }) => (prediction ? [prediction.distance / prediction.limit] : []));
  const cell = (header: string, content: Html | string) => html`<td data-header="${header}">${content}</td>`;
  return html`<tr><th scope="row"><a href="models/${status.model}.html">${status.model}</a></th>${cell("state", html`<span aria-hidden="true">${sign}</span> ${words}`)}${names.map((name) => cell(name, versionIn(status.environments?.[name])))}
${cell("metric", html`${metricNow(model)} ${drawSparkline(values)}`)}${cell("drift", html`${driftOf(model)} ${drawSparkline(moved, 1)}`)}
${cell("age", status.since === null ? "–" : html`<time datetime="${status.since}">${humaniseAge(status.since, now)}</time>`)}${cell("owner", owner === null ? "–" : foreign(owner, 60))}${cell("next", nextOf(model))}</tr>\n`;
}

function versionIn(version: number | null | undefined): string {
  return version == null ? "–" : `v${version}`;
}

/** `●` in production, `◐` held, `○` new. */
export function stateOf({ status: { production, next } }: DashboardModel): readonly [string, string] {
  if (next === "held") return ["◐", production === null ? "held" : `held; v${production} in production`];
  return production === null ? ["○", "nothing in production"] : ["●", `v${production} in production`];
}

function metricNow({ status: { metric, value } }: DashboardModel): string {
  return metric === null || value === null ? "–" : `${metric} ${formatNumber(value)}`;
}

/** In words and a sign of its own, so that colour says nothing by itself. */
export function driftOf({ status: { drift, production } }: DashboardModel): Html {
  if (drift === null) return html`<span class="none">${production === null ? "–" : "not checked"}</span>`;
  const [sign, words, kind] = {
    clean: ["●", "clean", "good"],
    drift: ["▲", "drifting", "bad"],
    silent: ["▲", "no rows any more", "bad"],
    "too few rows": ["○", "too few rows", "open"],
  }[drift.outcome] as [string, string, string];
  return html`<span class="state ${kind}"><span aria-hidden="true">${sign}</span> ${words}</span>`;
}

function nextOf({ status: { next, detail, model } }: DashboardModel): Html {
  if (next === "unchanged") return html`–`;
  const what = next === "new" || next === "changed" ? html`<code>mergeml run ${model}</code>` : foreign(detail, 120);
  return html`${next}: ${what}`;
}
