import { escapeMarkdown } from "../errors/inert-markdown.ts";
import { fitReport } from "./fit-report.ts";
import { headline } from "./headline.ts";
import { shortId } from "./markdown/short-ids.ts";
import { modelSection } from "./model-section.ts";
import { type ReportEntry, worstEntryFirst } from "./report-entry.ts";
import { summaryTable } from "./summary-table.ts";

/** GitHub takes comments of 65,536 characters; the room is for what the caller adds, such as a marker. */
export const commentLimit = 65_536 - 1_000;

export interface ReportOptions {
  /** Before the colon of the heading; `mergeml` by default. */
  title?: string;
  /** Web address of the full report. */
  link?: string;
  /** When the report was made, ready to read, e.g. `14:02 UTC`. */
  updated?: string;
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
  return fitReport(
    {
      heading: `## ${escapeMarkdown(options.title ?? "mergeml", 60)}: ${headline(sorted)}`,
      models: sorted.length,
      table: (rows, linked) => summaryTable(sorted.slice(0, rows), linked),
      sections: sorted.map(modelSection),
      foot: footer(options),
      elsewhere: elsewhere(options.link),
    },
    options.limit ?? commentLimit,
  );
}

function footer({ link, updated, commit }: ReportOptions): string {
  const parts = [
    commit ? `commit ${shortId(commit)}` : "",
    reportLink("full report", link),
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
