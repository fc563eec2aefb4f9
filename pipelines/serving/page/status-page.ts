import { readFileSync } from "node:fs";
import { ago, foreign, Html, html, moment } from "../../report/page/html.ts";
import { contentHash, pageStyle } from "../../report/page/page.ts";
import { countOf, formatCount } from "../../statistics/format-number.ts";
import type { Arm } from "../served-model.ts";
import type { LoadFailure, ModelFacts, ServingFacts, StatusPage } from "../serving-facts.ts";
import { modelDetails } from "./model-details.ts";

const style = pageStyle + readFileSync(new URL("./status-page.css", import.meta.url), "utf8");
const script = readFileSync(new URL("./status-page.js", import.meta.url), "utf8");

/** What the page may do: its own style and script by their hashes, and ask its own server for the next page. */
const policy = [
  "default-src 'none'",
  `style-src '${contentHash(style)}'`,
  `script-src '${contentHash(script)}'`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers that the page is sent with. */
export const statusPageHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** So many models are open from the start; of more, only those that need a person. */
const mostOpen = 3;

/** Renders the page of `/`: all of it is in the text, which works without a script and asks no other server for anything. */
export const statusPage: StatusPage = (facts) =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${titleOf(facts)}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main id="status">
<header><h1>${headline(facts)}</h1>
<p class="line">${registryLine(facts)}</p>
<p class="line">${serverLine(facts)}</p></header>
${notices(facts)}
${sorted(facts).map((model) => html`${modelDetails(model, { now: facts.now, open: isOpen(model, facts) })}\n`)}
</main>
<footer><p>As of ${moment(facts.now, new Date(0))}<span id="live" hidden>; renewed every 10 seconds</span>. <a href="">Look again</a></p></footer>
<script>${new Html(script)}</script>
</body>
</html>
`.text;

function titleOf(facts: ServingFacts): string {
  return `mergeml: ${headline(facts)}`;
}

/** The state in a sentence: `2 models answer`, `1 of 2 models answers`. */
function headline({ models }: ServingFacts): string {
  const answering = models.filter(({ versions }) => versions.some(({ arm }) => arm === "production")).length;
  if (models.length === 0) return "No model is in production";
  const verb = answering === 1 ? "answers" : "answer";
  if (answering === models.length) return `${countOf(answering, "model")} ${verb}`;
  return `${formatCount(answering)} of ${countOf(models.length, "model")} ${verb}`;
}

function registryLine({ registry, now }: ServingFacts): Html {
  const { address, branch, commit, looked } = registry;
  const at = commit === null ? html`not read yet` : html`at <code title="${commit}">${commit.slice(0, 7)}</code>`;
  const seen = looked === null ? "not looked at since the start" : `looked ${ago(looked, now)}`;
  return html`Registry: ${at}, ${seen} <span class="aside">(branch ${foreign(branch)} of ${foreign(address)})</span>`;
}

function serverLine({ tool, started, log, now }: ServingFacts): Html {
  const rows = log.kept + log.dropped;
  const kept = rows === 0 ? "nothing logged yet" : `log ${keptShare(log.kept, rows)} kept`;
  return html`mergeml ${tool}, started ${moment(started, now)} <span aria-hidden="true">·</span> ${kept}`;
}

/** Never rounded up to all of it. */
function keptShare(kept: number, rows: number): string {
  return kept === rows ? "100%" : `${Math.min(99.99, Math.floor((kept / rows) * 10_000) / 100).toFixed(2)}%`;
}

/** What needs a person first. */
function sorted({ models }: ServingFacts): ModelFacts[] {
  return models.toSorted((a, b) => Number(b.failures.length > 0) - Number(a.failures.length > 0));
}

function isOpen({ failures }: ModelFacts, { models }: ServingFacts): boolean {
  return models.length <= mostOpen || failures.length > 0;
}

/** What needs a person, above everything else: what could not be loaded, and what still answers in its place. */
function notices(facts: ServingFacts): Html {
  const all = [...facts.models.flatMap((model) => modelNotices(model, facts.now)), ...serverNotices(facts)];
  if (all.length === 0) return html``;
  return html`<section class="notices" aria-labelledby="needs"><h2 id="needs">Needs a person</h2><ul>
${all.map((notice) => html`<li>${notice}</li>\n`)}</ul></section>`;
}

function modelNotices(model: ModelFacts, now: Date): Html[] {
  return model.failures.map((failure) => {
    const { version, arm, problem, since } = failure;
    const what = version === null ? html`is damaged` : html`v${version}${role(arm)} was not loaded`;
    return html`<strong>${foreign(model.name)} ${what}:</strong> ${foreign(problem)} <span class="aside">(since ${moment(since, now)})</span>
<p>${stillAnswers(model, failure)}</p>`;
  });
}

function role(arm: Arm): string {
  return arm === "production" ? "" : ` as ${arm}`;
}

function stillAnswers({ versions, name }: ModelFacts, { arm }: LoadFailure): Html {
  const production = versions.find((each) => each.arm === "production");
  if (production === undefined) return html`Nothing answers for ${foreign(name)}: callers get 404.`;
  if (arm === "production") return html`v${production.version} still answers.`;
  return html`v${production.version} answers as before; there is no ${arm}.`;
}

function serverNotices({ registry, log, now }: ServingFacts): Html[] {
  const { problem, commit, looked } = registry;
  const seen = looked === null ? "not looked at since the start" : `last looked at ${ago(looked, now)}`;
  const copy =
    commit === null ? "There is no copy of it here." : `What answers is the last good copy, ${commit.slice(0, 7)}.`;
  return [
    ...(problem === null
      ? []
      : [html`<strong>The registry cannot be read:</strong> ${foreign(problem)}<p>${copy} It was ${seen}.</p>`]),
    ...(log.problem === null
      ? []
      : [
          html`<strong>The prediction log:</strong> ${foreign(log.problem)}<p>Answers are not affected; ${countOf(log.dropped, "row")} lost so far.</p>`,
        ]),
  ];
}
