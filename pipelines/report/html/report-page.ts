import { readFileSync } from "node:fs";
import { renderProblems } from "../../errors/render-problems.ts";
import type { JudgedEntry, ReportEntry } from "../../handover/training-outcome.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import { Facts } from "../page/facts.ts";
import { factTable, foreign, type Html, html } from "../page/html.ts";
import { pageText } from "../page/page.ts";
import { colours, figure, openPlots, type Plots } from "../page/plots.ts";
import { headline, modelOf } from "../report-entry.ts";
import { type Drawing, nameOf } from "./drawing.ts";
import {
  changeSection,
  firstScreen,
  group,
  judgedOn,
  lineageSection,
  metricSection,
  restOfPictures,
  verdictLine,
} from "./judged-sections.ts";

const style = readFileSync(new URL("./report.css", import.meta.url), "utf8");

/** What `mergeml report --json` gives, and the page tells. */
interface ReportRecord {
  entries: readonly ReportEntry[];
  /** Of each entry's model, oldest first. */
  histories: readonly (readonly ScoredVersion[])[];
}

/** Candidates beside production as one HTML file, readable without a script. */
export async function reportPage(record: ReportRecord): Promise<string> {
  const plots = await openPlots();
  const facts = new Facts(JSON.parse(JSON.stringify(record)));
  const sections = record.entries.map((entry, at) =>
    entry.state === "judged"
      ? judgedArticle(plots, facts, { entry, at, history: record.histories[at] ?? [] })
      : otherArticle(facts, entry, at),
  );
  const title = headline(record.entries).replaceAll("\\", "");
  return pageText({
    title: `mergeml: ${title}`,
    style,
    body: html`<main>${record.entries.length > 1 && html`<h1 class="all">${title}</h1>`}
${sections}</main>`,
  });
}

function judgedArticle(
  plots: Plots,
  all: Facts,
  { entry, at, history }: { entry: JudgedEntry; at: number; history: readonly ScoredVersion[] },
): Html {
  const root = `entries.${at}`;
  const facts = all.at(root);
  const drawing: Drawing = { plots, facts, own: "candidate", ...entry };
  const against = entry.evaluation.baseline.state === "none" ? "nothing in production" : nameOf(drawing, "production");
  return html`<article class="model-report"><div data-root="${root}">
<div class="top"><div><h1>${facts.text("candidate.config.name", 120)}</h1>${verdictLine(drawing)}</div>
<dl class="about"><div><dt>compared</dt><dd>candidate with ${against}</dd></div>
<div><dt>commit</dt><dd><code>${facts.text("candidate.commit", 13)}</code></dd></div>
<div><dt>trained</dt><dd>${facts.day("candidate.created")}</dd></div>
<div><dt>judged on</dt><dd>${judgedOn(drawing)}</dd></div></dl></div>
${firstScreen(drawing)}
${metricSection(drawing)}
${changeSection(drawing, entry.production?.candidate ?? null, entry.production?.version ?? null)}
${restOfPictures(drawing)}
</div>
<div data-root="histories.${at}">${group("History", [historyFigure(plots, all.at(`histories.${at}`), history)])}</div>
<div data-root="${root}">${lineageSection(drawing)}</div></article>`;
}

/** A model without a candidate to look at: why there is none. */
function otherArticle(all: Facts, entry: Exclude<ReportEntry, JudgedEntry>, at: number): Html {
  const root = `entries.${at}`;
  const facts = all.at(root);
  return html`<article class="model-report" data-root="${root}"><h1>${foreign(modelOf(entry), 120)}</h1>${whyNone(facts, entry)}</article>`;
}

function whyNone(facts: Facts, entry: Exclude<ReportEntry, JudgedEntry>): Html {
  switch (entry.state) {
    case "checks-failed":
      return html`<p class="verdict bad"><strong>Blocked:</strong> data checks failed on ${facts.count("rows")} rows, so nothing was trained.</p>
<ul>${entry.checks.flatMap((check, at) => (check.passed ? [] : [html`<li>${facts.text(`checks.${at}.check`)}: ${facts.text(`checks.${at}.found`)}</li>`]))}</ul>`;
    case "error":
    case "unreached":
      return html`<p class="verdict bad"><strong>${entry.state === "error" ? "Stopped by an error." : "Not run: its data need a maintainer."}</strong></p><pre tabindex="0" class="quoted">${renderProblems(entry.problems.slice(0, 20))}</pre>`;
    case "identical":
      return html`<p class="verdict"><strong>Nothing to deploy:</strong> training gave production v${facts.count("version")} again, byte for byte.</p>`;
    case "held":
      return html`<p class="verdict"><strong>Held:</strong> this definition is v${facts.count("version")} already, and a merge does not bring it back.</p>`;
  }
}

/** What `mergeml show --json` gives. */
type ShownVersion = VersionRecord & { in_production: boolean; history: readonly ScoredVersion[] };

/** A version as one HTML file: what it was judged by when it was registered, and where it comes from. */
export async function versionPage(record: ShownVersion): Promise<string> {
  const plots = await openPlots();
  const facts = new Facts(JSON.parse(JSON.stringify(record)));
  const drawing: Drawing = { plots, facts, own: `v${record.version}`, ...record };
  const { baseline } = record.evaluation;
  const body = html`<main><article class="model-report" data-root="">
<div class="top"><div><h1>${facts.text("model", 120)} v${facts.count("version")}</h1>${verdictLine(drawing)}</div>
<dl class="about"><div><dt>state</dt><dd>${record.in_production ? "● in production" : "○ not in production"}</dd></div>
<div><dt>compared</dt><dd>with ${baseline.state === "none" ? "nothing in production" : html`production v${facts.count("evaluation.baseline.version")}`}</dd></div>
<div><dt>registered</dt><dd>${facts.day("registered")} by ${facts.text("registered_by", 80)}${record.pull_request !== null && html` in #${facts.number("pull_request", String)}`}</dd></div>
<div><dt>judged on</dt><dd>${judgedOn(drawing)}</dd></div></dl></div>
${firstScreen(drawing)}
${metricSection(drawing)}
${restOfPictures(drawing)}
<div data-root="history">${group("History", [historyFigure(plots, facts.at("history"), record.history)])}</div>
${lineageSection(drawing)}</article></main>`;
  return pageText({ title: `${record.model} v${record.version}`, style, body });
}

/** What a version scored when it was registered, on its own test rows. */
export interface ScoredVersion {
  version: number;
  metric: string;
  value: number | null;
  /** ISO time. */
  registered: string;
  in_production: boolean;
}

/** The primary metric over the versions; `facts` are of the list. null with fewer than two of one metric. */
function historyFigure(plots: Plots, facts: Facts, versions: readonly ScoredVersion[]): Html | null {
  const metric = versions.at(-1)?.metric;
  const points = versions.flatMap((each, at) =>
    each.metric === metric && each.value !== null ? [{ ...each, value: each.value, at }] : [],
  );
  if (metric === undefined || points.length < 2) return null;
  const { Plot } = plots;
  const now = points.filter(({ in_production }) => in_production);
  const picture = plots.draw(
    `${metric} by version, from ${formatNumber(points[0]!.value)} to ${formatNumber(points.at(-1)!.value)}`,
    {
      height: 220,
      x: {
        label: "version",
        ticks: Math.min(8, points.length),
        tickFormat: (value: number) => (Number.isInteger(value) ? `v${value}` : ""),
      },
      y: { label: metric, ticks: 5, nice: true, grid: true },
      marks: [
        Plot.line(points, { x: "version", y: "value", stroke: colours.production }),
        Plot.dot(points, { x: "version", y: "value", fill: colours.production, r: 3 }),
        Plot.dot(now, { x: "version", y: "value", stroke: colours.ink, r: 7, strokeWidth: 2 }),
      ],
    },
    [points[0]!, points.at(-1)!].map(({ at }) => `${at}.value`),
  );
  const table = factTable<(typeof points)[number]>(
    "Versions",
    [
      { header: "version", cell: ({ at }) => facts.count(`${at}.version`), isName: true, isNumber: true },
      { header: metric, cell: ({ at }) => facts.number(`${at}.value`), isNumber: true },
      { header: "registered", cell: ({ at }) => facts.day(`${at}.registered`) },
      { header: "", cell: ({ in_production }) => (in_production ? "in production" : "") },
    ],
    points,
  );
  return figure({
    title: `${metric} over the versions`,
    picture,
    table,
    note: "Each on the test rows of its own time. Circle: in production.",
  });
}
