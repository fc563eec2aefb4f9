import { visibleText } from "../../errors/inert-markdown.ts";
import type { CandidateRecord, VersionRecord } from "../../registry/version-record.ts";
import { matchNumbers } from "../../statistics/format-number.ts";
import { configChanges, valueText } from "../config-changes.ts";
import { datasetLine, windowLine } from "../data-table.ts";
import { unifiedDiff } from "../markdown/line-diff.ts";
import { textTable } from "./text-table.ts";

/** `mergeml diff`: what changed between two versions, for a terminal: config, query, data, metrics. */
export function renderVersionDiff(before: VersionRecord, after: VersionRecord, width?: number): string {
  const titles = [`${before.model}@${before.version}`, `${after.model}@${after.version}`];
  const table = (header: string, lines: readonly Line[]) =>
    lines.length > 0 ? textTable([{ header }, ...titles.map((title) => ({ header: title }))], lines, { width }) : "";
  const query = unifiedDiff(before.candidate.query, after.candidate.query);
  return [
    table("config", configLines(before.candidate, after.candidate)) || "config: the same",
    query ? `query\n${visibleText(query)}` : "query: the same",
    table("data", dataLines(before.candidate, after.candidate)),
    table("metric", metricLines(before, after)),
    testNote(before, after),
  ].join("\n\n");
}

type Line = readonly [name: string, before: string, after: string];

function configLines(before: CandidateRecord, after: CandidateRecord): Line[] {
  return configChanges(before, after).map((change) => [change.key, valueText(change.before), valueText(change.after)]);
}

function dataLines(before: CandidateRecord, after: CandidateRecord): Line[] {
  const facts: readonly (readonly [string, (record: CandidateRecord) => string])[] = [
    ["window", (record) => windowLine(record.config.features.window) || "–"],
    ["train", (record) => datasetLine(record.train)],
    ["test", (record) => datasetLine(record.test)],
    ["features", (record) => String(record.features.length)],
  ];
  return facts.map(([name, fact]) => [name, fact(before), fact(after)]);
}

function metricLines(before: VersionRecord, after: VersionRecord): Line[] {
  const scores = new Map(before.evaluation.metrics.map((each) => [each.metric, each.candidate]));
  return after.evaluation.metrics.map(({ metric, candidate }) => {
    const numbers = matchNumbers([scores.get(metric), candidate]);
    return [metric, numbers.value(scores.get(metric) ?? null) || "–", numbers.value(candidate) || "–"];
  });
}

function testNote(before: VersionRecord, after: VersionRecord): string {
  return before.candidate.test.fingerprint === after.candidate.test.fingerprint
    ? "Both were scored on the same test rows."
    : "Each was scored on its own test rows, so the metrics do not compare.";
}
