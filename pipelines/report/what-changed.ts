import type { ConfigChange } from "../config/describe-change.ts";
import { escapeMarkdown, escapeSentence } from "../errors/inert-markdown.ts";
import type { JudgedEntry } from "../handover/training-outcome.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { columnTable } from "./column-table.ts";
import { configChanges, valueText } from "./config-changes.ts";
import { dataTable, signatureChanges } from "./data-table.ts";
import { fence } from "./markdown/fence.ts";
import { unifiedDiff } from "./markdown/line-diff.ts";

const LISTED_CHANGES = 30;
const DIFF_LINES = 80;

/** What the pull request changed against production, or what the first version is made of: a title and a Markdown body. */
export function whatChanged({ candidate, production }: JudgedEntry): { title: string; body: string } {
  const before = production?.candidate;
  const changes = before ? configChanges(before, candidate) : [];
  const signature = before ? signatureChanges(before.features, candidate.features) : [];
  const diff = before ? unifiedDiff(before.query, candidate.query) : "";
  const body = [
    production ? changeTable(changes, production.version) : "",
    diff && fence(diff, "diff", DIFF_LINES),
    bullets(signature),
    dataTable(candidate, production),
    bullets(candidate.notes.slice(0, 10).map(escapeSentence)),
  ];
  return {
    title: before ? changeTitle(before, candidate, changes, diff !== "") : setupTitle(candidate),
    body: body.filter(Boolean).join("\n\n"),
  };
}

function changeTable(changes: readonly ConfigChange[], version: number): string {
  if (changes.length === 0) return "";
  const table = columnTable(
    [
      { header: "key", cell: (change: ConfigChange) => escapeMarkdown(change.key) },
      { header: `production v${version}`, cell: (change) => escapeMarkdown(valueText(change.before)), keep: true },
      { header: "candidate", cell: (change) => escapeMarkdown(valueText(change.after)), keep: true },
    ],
    changes.slice(0, LISTED_CHANGES),
  );
  return changes.length > LISTED_CHANGES ? `${table}\n\nand ${changes.length - LISTED_CHANGES} more` : table;
}

/** `What changed: 2 params, the query, new data` */
function changeTitle(
  before: CandidateRecord,
  after: CandidateRecord,
  changes: readonly ConfigChange[],
  query: boolean,
): string {
  const params = changes.filter(({ key }) => key.startsWith("params.")).length;
  const others = changes.length - params;
  const sameData =
    before.train.fingerprint === after.train.fingerprint && before.test.fingerprint === after.test.fingerprint;
  const parts = [
    params > 0 ? plural(params, "param") : "",
    others > 0 ? plural(others, params > 0 ? "other setting" : "setting") : "",
    query ? "the query" : "",
    sameData ? "same data" : "new data",
  ];
  const nothing = changes.length === 0 && !query;
  return `What changed: ${nothing ? "nothing in the config, " : ""}${parts.filter(Boolean).join(", ")}`;
}

function setupTitle(candidate: CandidateRecord): string {
  return `What it is made of: ${plural(candidate.features.length, "feature")}, ${plural(candidate.train.rows, "training row")}`;
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
