import { type AuditedChange, auditChanges } from "../../pipelines/audit.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { csvText } from "../../pipelines/report/csv-text.ts";
import { textTable } from "../../pipelines/report/terminal/text-table.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import type { Command } from "../cli/command.ts";

export const audit: Command = {
  description:
    "Every change of production, oldest first: when, who, by which run, on which verdict, with what approval. From the commits of the registry branch and the signatures on it alone; who signed is proved, an author is what a commit says.",
  positionals: { min: 0, max: 0 },
  options: {
    since: { type: "string", value: "DATE", description: "From this day or time on, e.g. 2026-01-01 (UTC)" },
    csv: { type: "boolean", description: "As comma-separated values" },
  },
  examples: [
    { command: "mergeml audit --since 2026-01-01", shows: "what changed this year" },
    { command: "mergeml audit --csv > changes.csv", shows: "all of it, for a spreadsheet" },
  ],
  async run({ option, flag, workspace, width }) {
    const changes = await auditChanges(await workspace(), sinceOf(option("since")));
    if (flag("csv")) return { text: csvText(columns, changes.map(cellsOf)), data: changes };
    const rows = changes.map((each) => [
      each.time.slice(0, 16).replace("T", " "),
      each.model,
      `${each.from ?? "none"} -> ${each.to ?? "none"}`,
      each.signed_by ?? `${each.by} (by hand)`,
      each.run ?? each.verdict_run ?? "",
      each.doubt ?? each.verdict?.summary ?? "",
      approvalOf(each),
    ]);
    const headers = ["when (UTC)", "model", "version", "who", "run", "on which verdict", "approval"];
    const doubts = changes.filter(({ doubt }) => doubt !== null).length;
    const closing = `${countOf(changes.length, "change")} of production${doubts > 0 ? `, ${doubts} in doubt: mergeml verify` : ""}`;
    const table = textTable(
      headers.map((header) => ({ header })),
      rows,
      { longest: 90, width },
    );
    return { text: changes.length > 0 ? `${table}\n${closing}` : closing, data: changes };
  },
};

function approvalOf({ pull_request: pullRequest, approved_by: approvers }: AuditedChange): string {
  const parts = [pullRequest === null ? "" : `#${pullRequest}`, ...approvers].filter((each) => each !== "");
  return parts.length > 0 ? parts.join(", ") : "none on record";
}

/** A day begins at midnight UTC. Throws UserError for what is no date. */
function sinceOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time)) return new Date(time).toISOString();
  throw new UserError({ message: `--since ${text} is no date`, hint: "for example --since 2026-01-01" });
}

const columns = [
  ...["time", "model", "environment", "action", "from", "to", "by", "commit", "signed_by", "run", "verdict", "summary"],
  ...["verdict_signed_by", "verdict_run", "pull_request", "approved_by", "why", "doubt"],
];

function cellsOf(each: AuditedChange): (string | number | null)[] {
  return [
    ...[each.time, each.model, each.environment, each.action, each.from, each.to, each.by, each.commit, each.signed_by],
    ...[each.run, each.verdict?.outcome ?? null, each.verdict?.summary ?? null, each.verdict_signed_by],
    ...[each.verdict_run, each.pull_request, each.approved_by.join(" "), each.why, each.doubt],
  ];
}
