import { markdownTable } from "markdown-table";
import { escapeMarkdown } from "../../pipelines/errors/inert-markdown.ts";
import { overlapWords } from "../../pipelines/report/drift/moved-words.ts";
import { type DriftEntry, worstDriftFirst } from "../../pipelines/watch/drift/model-drift.ts";
import type { ModelAnswer } from "./answer-model.ts";

/** The table of all models for the job's summary, those first that ask for attention. */
export function driftSummary(answers: readonly ModelAnswer[]): string {
  if (answers.length === 0) return "### Drift\n\nNothing is in production.\n";
  const known = answers.flatMap(({ entry }) => entry ?? []);
  const order = worstDriftFirst(known).map(({ model }) => model);
  const place = ({ model }: ModelAnswer) => (order.includes(model) ? order.indexOf(model) : order.length);
  const isAsked = answers.some(({ rollback }) => rollback.why !== null || rollback.issues.length > 0);
  const rows = answers
    .toSorted((a, b) => place(a) - place(b))
    .map((answer) => [...row(answer), ...(isAsked ? [rollbackCell(answer)] : [])]);
  const header = ["", "model", "production", "drift", "window", "issue", "retrain", ...(isAsked ? ["rollback"] : [])];
  const table = markdownTable([header, ...rows], {
    stringLength: () => 0,
  });
  return `### ${title(known)}\n\n${table}\n`;
}

function title(entries: readonly DriftEntry[]): string {
  const count = (outcome: DriftEntry["outcome"]) => entries.filter((each) => each.outcome === outcome).length;
  const of = (found: number, what: string) => (found > 0 ? [`${found} ${what}`] : []);
  const told = [
    ...of(count("drift"), "drifting"),
    ...of(count("silent"), "without rows any more"),
    ...of(count("error"), "could not be checked"),
  ];
  return `Drift: ${told.length > 0 ? `${told.join(", ")} of` : "none in"} ${entries.length} ${entries.length === 1 ? "model" : "models"}`;
}

const signs = { clean: "🟢", drift: "🔴", "too few rows": "⚪", silent: "🔇", error: "❌" } as const;

function row({ model, production, entry, issue, retrain }: ModelAnswer): string[] {
  const version = production === null ? "–" : `v${production}`;
  return [
    entry ? signs[entry.outcome] : "",
    model,
    version,
    entry ? drift(entry) : "–",
    entry && entry.outcome !== "error" ? `${day(entry.window.from)} … ${day(entry.window.to)}` : "–",
    "issue" in issue ? `#${issue.issue} ${issue.state}` : issue.state === "off" ? "not permitted" : "–",
    retrainCell(retrain),
  ];
}

function drift(entry: DriftEntry): string {
  if (entry.outcome === "error") return escapeMarkdown(entry.error.message, 200);
  if (entry.outcome === "silent") return `no rows since ${day(entry.silence?.since ?? entry.window.from)}`;
  if (entry.outcome === "too few rows")
    return overlapWords(entry) === null ? `too few rows: ${entry.result.rows.current}` : "no new window yet";
  return entry.outcome === "drift" && entry.persistent !== "drift" ? "drift, not lasting yet" : entry.outcome;
}

function retrainCell(retrain: ModelAnswer["retrain"]): string {
  if (retrain.state === "open") return `#${retrain.pull} up to ${retrain.end}`;
  if (retrain.state === "closed") return `#${retrain.pull} closed`;
  return retrain.state === "branch only" ? `branch ${retrain.branch}` : "–";
}

/** What was done, or else how its live data is. */
function rollbackCell({ rollback: { done, why, issues } }: ModelAnswer): string {
  const told = issues.flatMap((each) => ("issue" in each ? [`#${each.issue} ${each.state}`] : ["not permitted"]));
  const what = done ? [`v${done.from} → v${done.to}`] : why === null ? [] : [escapeMarkdown(why, 200)];
  return [...what, ...told].join(", ") || "–";
}

function day(time: string): string {
  return time.slice(0, 10);
}
