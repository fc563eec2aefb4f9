import { changedViews } from "../config/describe-change.ts";
import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { ReportEntry } from "../handover/training-outcome.ts";
import type { ScoredVersion } from "./html/report-page.ts";
import { shortId } from "./markdown/short-ids.ts";
import { headline, modelOf, worstEntryFirst } from "./report-entry.ts";
import { type ModelSection, modelSection, summaryTable } from "./summary-table.ts";

/** GitHub takes comments of 65,536 characters; the room is for what the caller adds, such as a marker. */
export const commentLimit = 65_536 - 1_000;

export interface ReportOptions {
  /** Before the colon of the heading; `mergeml` by default. */
  title?: string;
  /** Web address of the full report. */
  link?: string;
  /** When the report was made, ready to read, e.g. `14:02 UTC`. */
  updated?: string;
  /** What the run took and cost, ready to read. */
  cost?: string;
  /** The primary metric of each model's versions, oldest first. */
  histories?: ReadonlyMap<string, readonly ScoredVersion[]>;
  /** The commit that was judged. */
  commit?: string;
  /** The most UTF-16 units the report may have. */
  limit?: number;
}

/**
 * The comparison report in GitHub Markdown: the outcome, a row per model, then a section per model, worst first. Pure:
 * the same entries in any order give the same text. Everything that was written in a pull request is shown inert.
 */
export function renderReport(entries: readonly ReportEntry[], options: ReportOptions = {}): string {
  const sorted = worstEntryFirst(entries);
  const views = changedViewsText(sorted);
  return fitReport(
    {
      heading: `## ${escapeMarkdown(options.title ?? "mergeml", 60)}: ${headline(sorted)}`,
      models: sorted.length,
      table: (rows, linked) => [summaryTable(sorted.slice(0, rows), linked), views].filter(Boolean).join("\n\n"),
      sections: sorted.map((entry) => modelSection(entry, options.histories?.get(modelOf(entry)))),
      foot: footer(options),
      elsewhere: elsewhere(options.link),
    },
    options.limit ?? commentLimit,
  );
}

function footer({ link, updated, commit, cost }: ReportOptions): string {
  const parts = [
    commit ? `commit ${shortId(commit)}` : "",
    reportLink("full report", link),
    cost ? escapeMarkdown(cost, 200) : "",
    updated ? `updated ${escapeMarkdown(updated, 40)}` : "",
  ].filter(Boolean);
  return parts.length > 0 ? `<sub>${parts.join(" · ")}</sub>` : "";
}

function elsewhere(link: string | undefined): string {
  const linked = reportLink("full report", link);
  return linked ? `The ${linked} has everything.` : "`mergeml report` on the candidates prints everything.";
}

/** A Markdown link to a web address; empty without one, or when it is not http(s), because a report must not carry others. */
function reportLink(text: string, address: string | undefined): string {
  if (address === undefined || !URL.canParse(address)) return "";
  const url = new URL(address);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "";
  const safe = url.href.replace(/[()<>|\\`*_[\]]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `[${text}](${safe})`;
}

/** The parts of a report. `table` gives the summary of the first `rows` models, with links for the first `linked`. */
interface ReportParts {
  heading: string;
  models: number;
  table: (rows: number, linked: number) => string;
  /** Worst first. */
  sections: readonly ModelSection[];
  foot: string;
  /** Markdown that says where the whole report is. */
  elsewhere: string;
}

interface Kept {
  folds: number;
  sections: number;
  rows: number;
}

/**
 * The report in at most `limit` UTF-16 units (GitHub counts characters, which are never more). What does not fit is left
 * out whole, the folded parts of the best models first, then those of the others, then sections, then rows of the
 * summary, and a last line says so.
 */
function fitReport(parts: ReportParts, limit: number): string {
  const folds = parts.sections.reduce((count, section) => count + section.folds.length, 0);
  const all: Kept = { folds, sections: parts.sections.length, rows: parts.models };
  const fits = (kept: Kept) => assemble(parts, all, kept).length <= limit;
  if (fits(all)) return assemble(parts, all, all);
  for (const part of ["folds", "sections", "rows"] as const) {
    const least = { ...all, ...(part === "folds" ? {} : { folds: 0 }), ...(part === "rows" ? { sections: 0 } : {}) };
    const most = largest(least[part], (count) => fits({ ...least, [part]: count }));
    if (most !== null) return assemble(parts, all, { ...least, [part]: most });
  }
  return parts.heading.slice(0, limit).toWellFormed();
}

/** The largest count in 0..most that fits (more never fits when less doesn't); null when none does. */
function largest(most: number, fits: (count: number) => boolean): number | null {
  let [low, high] = [-1, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low < 0 ? null : low;
}

function assemble(parts: ReportParts, all: Kept, kept: Kept): string {
  let left = kept.folds;
  const sections = parts.sections.slice(0, kept.sections).map((section) => {
    const folds = section.folds.slice(0, left);
    left -= folds.length;
    return [section.head, ...folds, section.foot].filter(Boolean).join("\n\n");
  });
  const table = kept.rows > 0 ? parts.table(kept.rows, kept.sections) : "";
  return [parts.heading, table, ...sections, leftOut(parts, all, kept), parts.foot].filter(Boolean).join("\n\n");
}

/** What a reader doesn't see, and where it is. */
function leftOut(parts: ReportParts, all: Kept, kept: Kept): string {
  const sections = parts.sections.slice(kept.sections);
  const names = sections.slice(0, 5).map((section) => escapeMarkdown(section.model, 40));
  const listed = `${names.join(", ")}${sections.length > names.length ? ", …" : ""}`;
  const what = [
    kept.folds < all.folds ? plural(all.folds - kept.folds, "folded part") : "",
    sections.length > 0 ? `${plural(sections.length, "model's section", "models' sections")} (${listed})` : "",
    kept.rows < all.rows ? plural(all.rows - kept.rows, "row of the summary", "rows of the summary") : "",
  ].filter(Boolean);
  return what.length > 0 ? `**Left out, because a comment has a limit:** ${what.join(", ")}. ${parts.elsewhere}` : "";
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const listedModels = 30;

/** Which feature views differ from those that production was trained with, and the models that each affects; empty when none does. */
function changedViewsText(entries: readonly ReportEntry[]): string {
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
