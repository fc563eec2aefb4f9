import { snapshotLine } from "../../data/sources/source-snapshot.ts";
import { oneLine } from "../../errors/inert-markdown.ts";
import type { CandidateRecord, VersionRecord } from "../../registry/version-record.ts";
import { formatCount } from "../../statistics/format-number.ts";
import { checksCount } from "../data-checks.ts";
import { datasetLine, paramsLine, windowLine } from "../data-table.ts";
import { renderComparison, renderVerdict } from "./terminal-comparison.ts";
import { textTable } from "./text-table.ts";

/** Where a version is, and who vouches for it; nothing of that where nobody is asked. */
interface VersionState {
  in_production: boolean;
  signed_by?: string | null;
  /** Why readers do not trust it. */
  untrusted?: string | null;
}

/** `mergeml show`: one version as the registry records it, for a terminal. */
export function renderVersion(
  record: VersionRecord,
  { in_production, signed_by, untrusted }: VersionState,
  width?: number,
): string {
  const title = `${record.model}@${record.version}${in_production ? "  in production" : ""}`;
  const signed = ["signed by", untrusted ? `! ${untrusted}` : (signed_by ?? "")] as const;
  const facts = [...versionFacts(record), signed].filter(([, value]) => value !== "");
  return [
    title,
    factTable(facts, width),
    renderComparison(record.evaluation, width),
    renderVerdict(record.verdict),
  ].join("\n\n");
}

/** Facts as two columns of plain text. */
function factTable(facts: readonly (readonly [string, string])[], width?: number): string {
  return textTable([{ header: "" }, { header: "" }], facts, { longest: 4000, width }).replace(/^\n/, "");
}

function versionFacts(record: VersionRecord): (readonly [string, string])[] {
  const { candidate } = record;
  const { config } = candidate;
  return [
    ["description", config.description],
    ["owner", config.owner ?? ""],
    ["registered", `${record.registered} by ${record.registered_by}${pullRequest(record)}`],
    ["candidate", candidate.id],
    ["commit", candidate.commit ? `${candidate.commit}${candidate.dirty ? " with uncommitted changes" : ""}` : ""],
    ["trainer", `${candidate.trainer.name} ${candidate.trainer.version}, seed ${config.seed}`],
    ["params", paramsLine(config.params)],
    ...dataFacts(candidate),
    ["features", candidate.features.map(({ name, kind }) => `${oneLine(name, 60)} (${kind})`).join(", ")],
    ["model.onnx", `${candidate.model.sha256} ${formatCount(candidate.model.size)} bytes`],
  ];
}

function dataFacts({ config, train, test, checks, sources = [] }: CandidateRecord): (readonly [string, string])[] {
  return [
    ["window", windowLine(config.features.window)],
    ...sources.map((read) => ["read from", oneLine(snapshotLine(read), 500)] as const),
    ["train", datasetLine(train)],
    ["test", datasetLine(test)],
    ["data checks", checks.length > 0 ? checksCount(checks) : ""],
  ];
}

function pullRequest({ pull_request }: VersionRecord): string {
  return pull_request === null ? "" : ` in #${pull_request}`;
}
