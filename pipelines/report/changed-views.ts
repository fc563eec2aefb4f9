import { changedViews } from "../config/describe-change.ts";
import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { ReportEntry } from "../handover/training-outcome.ts";

const listedModels = 30;

/** Which feature views differ from those that production was trained with, and the models that each affects; empty when none does. */
export function changedViewsText(entries: readonly ReportEntry[]): string {
  const uses = entries.flatMap(viewsOf);
  const byView = [...Map.groupBy(uses, ({ view }) => view)].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = byView.map(([view, those]) => {
    const models = [...new Set(those.map(({ model }) => model))].sort();
    const rest = models.length > listedModels ? ` and ${models.length - listedModels} more` : "";
    const listed = models.slice(0, listedModels).map((model) => escapeMarkdown(model, 100));
    return `- \`features.${view}\` affects ${listed.join(", ")}${rest}`;
  });
  return lines.length > 0 ? `**Feature views that change:**\n\n${lines.join("\n")}` : "";
}

/** A model that a constraint stops is affected too; which view it was is where the constraint is written. */
function viewsOf(entry: ReportEntry): { view: string; model: string }[] {
  if (entry.state === "judged") {
    const { candidate, production } = entry;
    const names = production ? changedViews(production.candidate.config, candidate.config) : [];
    return names.map((view) => ({ view, model: candidate.config.name }));
  }
  if (entry.state !== "checks-failed") return [];
  const files = entry.checks.flatMap(({ where }) => /^features\/([a-z][a-z0-9_]*)\.yaml:/.exec(where ?? "")?.[1] ?? []);
  return [...new Set(files)].map((view) => ({ view, model: entry.model }));
}
