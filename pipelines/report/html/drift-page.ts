import { readFileSync } from "node:fs";
import type { ColumnDrift } from "../../watch/drift/drift-result.ts";
import { type DriftEntry, type FailedDrift, type ModelDrift, worstDriftFirst } from "../../watch/drift/model-drift.ts";
import { accuracyWords, driftHeadline, ruleSentence, windowNotes, windowSentence } from "../drift/drift-facts.ts";
import { driftSteps } from "../drift/drift-steps.ts";
import { distanceText, movedWords, significanceText } from "../drift/moved-words.ts";
import { Facts } from "../page/facts.ts";
import { factTable, foreign, type Html, html } from "../page/html.ts";
import { pageText } from "../page/page.ts";
import { openPlots, type Plots } from "../page/plots.ts";
import { distanceFigure, metricHistory, predictionHistory, shapeFigure } from "./drift-figures.ts";
import { group } from "./judged-sections.ts";

const style = readFileSync(new URL("./report.css", import.meta.url), "utf8");
const mostShapes = 30;
const plain = (text: string) => text;

/** What `mergeml drift --json` gives, as one HTML file: those first that ask for attention. */
export async function driftPage(record: { models: readonly DriftEntry[] }): Promise<string> {
  const plots = await openPlots();
  const facts = new Facts(JSON.parse(JSON.stringify(record)));
  const sections = worstDriftFirst(record.models).map((entry) => {
    const root = `models.${record.models.indexOf(entry)}`;
    return entry.outcome === "error"
      ? failedArticle(facts, entry, root)
      : driftArticle(plots, facts.at(root), entry, root);
  });
  const title = record.models.length === 1 ? titleOf(record.models[0]!) : `drift of ${record.models.length} models`;
  const body = html`<main>${sections.length === 0 ? html`<h1>Nothing is in production</h1>` : sections}</main>`;
  return pageText({ title: `mergeml: ${title}`, style, body });
}

function titleOf(entry: DriftEntry): string {
  return entry.outcome === "error" ? `${entry.model} could not be checked` : driftHeadline(entry);
}

function failedArticle(facts: Facts, entry: FailedDrift, root: string): Html {
  const of = facts.at(root);
  return html`<article class="model-report" data-root="${root}"><h1>${foreign(entry.model, 120)} ${entry.error.kind === "unwatched" ? "is not watched" : "could not be checked"}</h1>
<p class="verdict bad">${of.text("error.message", 800)}</p>${entry.error.hint !== null && html`<pre tabindex="0">${of.text("error.hint", 4000)}</pre>`}</article>`;
}

const signs: Readonly<Record<string, readonly [string, string]>> = {
  clean: ["●", "good"],
  drift: ["▲", "bad"],
  silent: ["▲", "bad"],
  "too few rows": ["○", "open"],
};

function driftArticle(plots: Plots, facts: Facts, drift: ModelDrift, root: string): Html {
  const { result } = drift;
  const [sign, kind] = signs[drift.outcome] ?? ["○", "open"];
  const columns = [
    ...result.predictions.map((column, at) => ({ column, path: `result.predictions.${at}` })),
    ...result.features.map((column, at) => ({ column, path: `result.features.${at}` })),
  ];
  const cost = result.rows.current === 0 ? null : accuracyWords(drift, plain);
  const steps = driftSteps(drift, { code: plain, safe: plain });
  const judged = drift.outcome === "drift" || drift.outcome === "clean";
  return html`<article class="model-report" data-root="${root}">
<div class="top"><div><h1>${facts.text("model", 120)}</h1>
<p class="verdict ${kind}"><span class="sign" aria-hidden="true">${sign}</span> <span class="quoted">${foreign(driftHeadline(drift), 600)}</span></p>
<p class="quoted">${windowSentence(drift)}</p>${cost !== null && html`<p class="quoted"><strong>${cost.lead}</strong>: ${cost.rest}.</p>`}</div>
<dl class="about"><div><dt>version</dt><dd>v${facts.count("version")}</dd></div><div><dt>outcome</dt><dd>${facts.text("outcome")}</dd></div>
<div><dt>over windows</dt><dd>${facts.text("persistent")}</dd></div><div><dt>rows</dt><dd>${facts.count("result.rows.current")} against ${facts.count("result.rows.reference")}</dd></div>
<div><dt>drifting share</dt><dd>${facts.percent("result.share.drifting")}, limit ${facts.percent("result.share.limit")}</dd></div></dl></div>
<h2 class="unseen">At a glance</h2><div class="figures first">${
    judged &&
    distanceFigure(
      plots,
      columns.map(({ column }) => column),
    )
  }${predictionHistory(plots, facts, drift)}${metricHistory(plots, facts, drift)}</div>
${judged && columnsTable(facts, drift.model, columns)}
${steps.length > 0 && html`<h2>What to do</h2><ol class="quoted">${steps.map((step) => html`<li>${step}</li>`)}</ol>`}
${
  judged &&
  group(
    "Reference against window",
    columns.slice(0, mostShapes).map(({ column, path }) => shapeFigure(plots, facts, column, path)),
  )
}
<h2>What this takes for granted</h2><ul class="quoted">${windowNotes(drift, plain).map((note) => html`<li>${note}</li>`)}<li>${ruleSentence(result)}</li></ul></article>`;
}

function columnsTable(facts: Facts, model: string, columns: readonly { column: ColumnDrift; path: string }[]): Html {
  const table = factTable<{ column: ColumnDrift; path: string }>(
    `Columns of ${model}`,
    [
      { header: "", cell: ({ column }) => (column.verdict === "drift" ? "▲ drifts" : "● stable") },
      { header: "column", cell: ({ path }) => facts.text(`${path}.name`, 80), isName: true },
      { header: "weight", cell: ({ path }) => facts.number(`${path}.weight`), isNumber: true },
      {
        header: "distance (limit)",
        cell: ({ column }) => html`<span class="quoted">${distanceText(column)}</span>`,
        isNumber: true,
      },
      { header: "p, corrected", cell: ({ path }) => facts.number(`${path}.adjusted`), isNumber: true },
      { header: "significant", cell: ({ column }) => significanceText(column) },
      { header: "PSI", cell: ({ path }) => facts.number(`${path}.statistics.psi`), isNumber: true },
      {
        header: "what moved",
        cell: ({ column }) => html`<span class="quoted">${foreign(movedWords(column, plain), 300)}</span>`,
      },
    ],
    columns,
  );
  return html`<h2>Columns</h2>${table}`;
}
