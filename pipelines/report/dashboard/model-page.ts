import type { RunRecord } from "../../run-log/run-record.ts";
import { formatCount, formatNumber } from "../../statistics/format-number.ts";
import { dataBlock } from "../page/data-block.ts";
import { factTable, foreign, type Html, html } from "../page/html.ts";
import { drawSparkline } from "../page/sparkline.ts";
import { type DashboardFacts, type DashboardModel, datasetPath, type ListedVersion, viewPath } from "./data-pages.ts";
import { driftOf, stateOf } from "./index-page.ts";

/** So many rows stand in the page itself; the script shows the others a part at a time. */
const mostRows = 100;
const mostWindows = 8;

/** What links need to know. */
type Site = Pick<DashboardFacts, "web">;

/** One model: what is in production and why, its versions, any two side by side, its runs. */
export function modelBody(site: Site, model: DashboardModel): Html {
  const { status, versions, runs, description, owner } = model;
  const rows = versions.toReversed().map(versionRow);
  const current = versions.find(({ version }) => version === status.production);
  const [sign, words] = stateOf(model);
  return html`<main><nav aria-label="Site"><a href="../index.html">All models</a></nav>
<header><h1>${status.model}</h1><p class="line">${description !== "" && html`${foreign(description, 300)}. `}${owner !== null && html`Owner ${foreign(owner, 80)}.`}</p></header>
<p class="verdict"><span aria-hidden="true">${sign}</span> <strong>${words}</strong>${status.since !== null && html` since <time datetime="${status.since}">${status.since.slice(0, 10)}</time>`}${status.by !== null && html`, by ${foreign(status.by, 80)}`}${pullRequest(site, status.pull_request)}.${Object.entries(status.environments ?? {}).map(([name, version]) => html` ${foreign(name, 40)}: ${version === null ? "–" : `v${version}`}.`)} Drift: ${driftOf(model)}.${current && html`<br>${foreign(current.summary, 600)}`}${status.automatic !== null && html`<br>Rolled back by itself: ${foreign(status.automatic, 400)}`}</p>
${history(model)}
${current && lineage(site, current)}
${driftTable(model)}
${versionTable(rows)}
<section id="compare" hidden><h2>Compare two versions</h2><p><label>Version <select id="left"></select></label> <label>with <select id="right"></select></label></p><div id="compared" class="scroll" role="region" tabindex="0" aria-label="Two versions side by side"></div></section>
${movesTable(site, model)}
${runsSection(runs)}
${dataBlock("versions-data", rows)}${dataBlock("compare-data", versions.map(compared))}${dataBlock("runs-data", runs.map(runRow))}${dataBlock("trials-data", searched(runs))}</main>`;
}

function pullRequest(site: Site, number: number | null): Html {
  return number === null ? html`` : html` (${pullLink(site, number)})`;
}

function pullLink({ web }: Site, number: number): Html {
  return web === null ? html`#${number}` : html`<a href="${web}/pull/${number}">#${number}</a>`;
}

function history({ versions, status }: DashboardModel): Html {
  const values = versions.filter(({ metric }) => metric === status.metric).flatMap(({ value }) => value ?? []);
  if (values.length < 2) return html``;
  return html`<p class="history">${status.metric} over ${formatCount(values.length)} versions: ${formatNumber(values[0]!)} … ${formatNumber(values.at(-1)!)} ${drawSparkline(values)} <span class="aside">each on the test rows of its own time</span></p>`;
}

/** From data to commit to pull request to verdict, in one line each. */
function lineage(site: Site, version: ListedVersion): Html {
  const steps: readonly (readonly [string, Html])[] = [
    [
      "data",
      html`<a href="../${datasetPath(version.train.fingerprint)}">train ${formatCount(version.train.rows)} rows</a>, <a href="../${datasetPath(version.test.fingerprint)}">test ${formatCount(version.test.rows)} rows</a>${version.window !== null && html`, ${version.window.start} … ${version.window.end}`}${version.views.map((view) => html`, view <a href="../${viewPath(view)}">${foreign(view, 60)}</a>`)}`,
    ],
    ["commit", commitLink(site, version.commit)],
    ["pull request", version.pull_request === null ? html`–` : pullLink(site, version.pull_request)],
    ["candidate", html`<code>${version.candidate.slice(0, 14)}</code>`],
    ["verdict", html`${version.verdict}`],
    ["version", html`v${version.version}, registered ${version.registered.slice(0, 10)} by ${foreign(version.by, 80)}`],
  ];
  return html`<h2>Where v${version.version} comes from</h2><ol class="lineage">${steps.map(([term, value]) => html`<li><span class="term">${term}</span> ${value}</li>`)}</ol>`;
}

function commitLink({ web }: Site, commit: string | null): Html {
  if (commit === null) return html`–`;
  const short = html`<code>${commit.slice(0, 10)}</code>`;
  return web === null || !/^[0-9a-f]{7,64}$/.test(commit)
    ? short
    : html`<a href="${web}/commit/${commit}">${short}</a>`;
}

function driftTable({ windows }: DashboardModel): Html {
  if (windows.length === 0) return html``;
  const table = factTable<DashboardModel["windows"][number]>(
    "Windows of live data",
    [
      {
        header: "window from",
        cell: ({ from }) => html`<time datetime="${from}">${from.slice(0, 10)}</time>`,
        isName: true,
      },
      { header: "outcome", cell: ({ outcome }) => outcome },
      { header: "rows", cell: ({ rows }) => formatCount(rows), isNumber: true },
      {
        header: "predictions moved (limit)",
        cell: ({ prediction }) =>
          prediction ? `${formatNumber(prediction.distance, 2)} (${formatNumber(prediction.limit, 2)})` : "–",
        isNumber: true,
      },
      {
        header: "metric",
        cell: ({ metric }) => (metric ? `${metric.metric} ${formatNumber(metric.value)}` : "–"),
        isNumber: true,
      },
    ],
    windows.toReversed().slice(0, mostWindows),
  );
  return html`<h2>Live data</h2>${table}`;
}

const versionHeaders = ["version", "registered", "by", "pull request", "metric", "verdict", "params"];

/** Cells of a version as texts, which page and script show alike. */
function versionRow({
  version,
  registered,
  by,
  pull_request,
  metric,
  value,
  verdict,
  params,
  type,
}: ListedVersion): string[] {
  return [
    `v${version}`,
    registered.slice(0, 10),
    by,
    pull_request === null ? "" : `#${pull_request}`,
    value === null ? "–" : `${metric} ${formatNumber(value)}`,
    verdict,
    `${type} ${Object.entries(params)
      .map(([name, each]) => `${name} ${JSON.stringify(each)}`)
      .join(", ")}`.slice(0, 160),
  ];
}

function versionTable(rows: readonly string[][]): Html {
  if (rows.length === 0) return html`<h2>Versions</h2><p>None is registered.</p>`;
  return html`<h2>${formatCount(rows.length)} version${rows.length === 1 ? "" : "s"}</h2>${paged("versions", versionHeaders, rows.slice(0, mostRows), rows.length)}`;
}

/** The first rows of a table; the script pages and filters all of them. */
function paged(id: string, headers: readonly string[], rows: readonly string[][], all: number): Html {
  return html`<div class="paged" data-paged="${id}" data-size="${mostRows}"><p class="filter" hidden><label>Filter <input type="search" autocomplete="off" aria-controls="${id}"></label> <button type="button" data-step="-1">Newer</button> <button type="button" data-step="1">Older</button> <span role="status"></span></p>
<div class="scroll" role="region" tabindex="0" aria-label="${id}"><table id="${id}"><thead><tr>${headers.map((header) => html`<th scope="col">${header}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, at) => (at === 0 ? html`<th scope="row">${foreign(cell)}</th>` : html`<td>${foreign(cell)}</td>`))}</tr>\n`)}</tbody></table></div>
${all > rows.length && html`<noscript><p class="note">The newest ${formatCount(rows.length)} of ${formatCount(all)}; with a script all of them.</p></noscript>`}</div>`;
}

/** Flat facts of a version, which the script puts side by side. */
function compared(version: ListedVersion): Readonly<Record<string, string | number>> {
  const facts: Record<string, string | number> = {
    version: version.version,
    registered: version.registered.slice(0, 16).replace("T", " "),
    by: version.by,
    verdict: version.verdict,
  };
  for (const name in version.metrics) facts[`metric ${name}`] = version.metrics[name]!;
  facts.type = version.type;
  facts.seed = version.seed;
  for (const name in version.params) facts[`param ${name}`] = asText(version.params[name]);
  facts["train rows"] = formatCount(version.train.rows);
  facts["test rows"] = formatCount(version.test.rows);
  facts["test data"] = version.test.fingerprint.slice(0, 15);
  facts.window = version.window ? `${version.window.start} … ${version.window.end}` : "–";
  facts.features = version.features.join(", ").slice(0, 2_000);
  facts.commit = version.commit?.slice(0, 10) ?? "–";
  return facts;
}

function asText(value: unknown): string | number {
  return typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

function movesTable({ web }: Site, { moves }: DashboardModel): Html {
  if (moves.length === 0) return html``;
  const table = factTable<DashboardModel["moves"][number]>(
    "What happened",
    [
      {
        header: "when (UTC)",
        cell: ({ time }) => html`<time datetime="${time}">${time.slice(0, 16).replace("T", " ")}</time>`,
        isName: true,
      },
      { header: "what", cell: ({ what }) => foreign(what, 160) },
      { header: "by", cell: ({ by }) => foreign(by, 80) },
      {
        header: "commit",
        cell: ({ commit }) =>
          web === null
            ? html`<code>${commit}</code>`
            : html`<a href="${web}/commit/${commit}"><code>${commit}</code></a>`,
      },
    ],
    moves.slice(0, mostRows),
  );
  return html`<h2>What happened</h2><details${moves.length <= 20 && html` open`}><summary>The newest ${formatCount(Math.min(moves.length, mostRows))} of ${formatCount(moves.length)} changes</summary>${table}</details>`;
}

const runHeaders = ["when", "run", "metric", "verdict", "version", "by", "params"];

function runRow({ time, id, metrics: [primary], verdict, state, version, by, params, type }: RunRecord): string[] {
  return [
    time.slice(0, 16).replace("T", " "),
    id.slice(0, 10),
    primary?.candidate == null ? "–" : `${primary.metric} ${formatNumber(primary.candidate)}`,
    state === "error" ? "error" : (verdict?.outcome ?? "–"),
    version === null ? "" : `v${version}`,
    by,
    `${type} ${Object.entries(params)
      .map(([name, each]) => `${name} ${JSON.stringify(each)}`)
      .join(", ")}`.slice(0, 160),
  ];
}

function runsSection(runs: readonly RunRecord[]): Html {
  if (runs.length === 0) return html``;
  return html`<h2>${formatCount(runs.length)} run${runs.length === 1 ? "" : "s"}</h2>
<section id="parallel" hidden><h3>Params and scores of the newest search</h3><p class="note">A line is a trial, from param to param to its score. The chosen one is thick. Arrow keys go through them.</p><div id="lines" class="scroll" role="region" tabindex="0" aria-label="Trials of the newest search, one at a time with the arrow keys"></div><p id="trial" role="status"></p></section>
${paged("runs", runHeaders, runs.slice(0, mostRows).map(runRow), runs.length)}`;
}

/** The trials of the newest run that searched: names of their numbers, and a line of numbers each, the score last. */
function searched(runs: readonly RunRecord[]): { names: string[]; lines: (number | null)[][]; chosen: number } | null {
  const run = runs.find(({ trials }) => trials.length > 1);
  if (!run) return null;
  const params = [...new Set(run.trials.flatMap(({ params: each }) => Object.keys(each)))]
    .filter((name) => run.trials.some(({ params: each }) => typeof each[name] === "number"))
    .slice(0, 8);
  const lines = run.trials.map(({ params: each, score }) => [
    ...params.map((name) => (typeof each[name] === "number" ? each[name] : null)),
    score,
  ]);
  return {
    names: [...params, run.search_metric ?? "score"],
    lines,
    chosen: run.trials.findIndex(({ winner }) => winner),
  };
}
