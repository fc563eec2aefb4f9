import type { ModelConfig, Window } from "../config/model-config.ts";
import type { DatasetRef } from "../data/dataset-store.ts";
import type { FeatureSpec } from "../data/table.ts";
import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { formatCount } from "../statistics/format-number.ts";
import { columnTable } from "./column-table.ts";
import { checksCount } from "./data-checks.ts";
import { shortId } from "./markdown/short-ids.ts";

const LISTED_NAMES = 12;

/** What a first version is made of; a later one is told by its changes. */
const setupFacts: readonly (readonly [string, (record: CandidateRecord) => string])[] = [
  [
    "trainer",
    (record) => escapeMarkdown(`${record.trainer.name} ${record.trainer.version}, seed ${record.config.seed}`),
  ],
  ["params", (record) => escapeMarkdown(paramsLine(record.config.params), 300)],
  ["features", (record) => namedFeatures(record.features)],
];

/** Window, rows, fingerprints and checks of the candidate, beside production's when there is one. */
export function dataTable(
  candidate: CandidateRecord,
  production: { version: number; candidate: CandidateRecord } | null,
): string {
  const facts: readonly (readonly [string, (record: CandidateRecord) => string])[] = [
    ...(production ? [] : setupFacts),
    ["window", (record) => escapeMarkdown(windowLine(record.config.features.window))],
    ["train", (record) => datasetText(record.train)],
    ["test", (record) => datasetText(record.test)],
    ["split", (record) => splitText(record.config)],
    ["data checks", (record) => (record.checks.length > 0 ? checksCount(record.checks) : "none")],
    ["model", (record) => `${shortId(record.model.sha256)} ${formatCount(record.model.size)} bytes`],
  ];
  return columnTable(
    [
      { header: "", cell: ([name]) => name, keep: true },
      {
        header: `production v${production?.version}`,
        cell: ([, fact]) => (production ? fact(production.candidate) : ""),
      },
      { header: "candidate", cell: ([, fact]) => fact(candidate) },
    ],
    facts.filter(([, fact]) => fact(candidate) !== "" || (production && fact(production.candidate) !== "")),
  );
}

/** Sentences on features that came, went, or changed their kind; empty when the signature is the same. */
export function signatureChanges(before: readonly FeatureSpec[], after: readonly FeatureSpec[]): string[] {
  const [old, fresh] = [kinds(before), kinds(after)];
  const added = after
    .filter(({ name }) => !old.has(name))
    .map(({ name, kind }) => `${escapeMarkdown(name, 60)} (${kind})`);
  const removed = before
    .filter(({ name }) => !fresh.has(name))
    .map(({ name, kind }) => `${escapeMarkdown(name, 60)} (${kind})`);
  const changed = after
    .filter(({ name, kind }) => old.has(name) && old.get(name) !== kind)
    .map(({ name, kind }) => `${escapeMarkdown(name, 60)} (${old.get(name)} → ${kind})`);
  return [listed("Features added", added), listed("Features removed", removed), listed("Kind changed", changed)].filter(
    Boolean,
  );
}

function kinds(features: readonly FeatureSpec[]): Map<string, string> {
  return new Map(features.map(({ name, kind }) => [name, kind]));
}

function listed(title: string, names: readonly string[]): string {
  return names.length > 0 ? `${title}: ${firstOf(names)}` : "";
}

function firstOf(names: readonly string[]): string {
  const rest = names.length > LISTED_NAMES ? ` and ${names.length - LISTED_NAMES} more` : "";
  return names.slice(0, LISTED_NAMES).join(", ") + rest;
}

function namedFeatures(features: readonly FeatureSpec[]): string {
  return firstOf(features.map(({ name, kind }) => `${escapeMarkdown(name, 60)} (${kind})`));
}

function datasetText(dataset: DatasetRef): string {
  return `${rowsLine(dataset)} ${shortId(dataset.fingerprint)}`;
}

function splitText(config: ModelConfig): string {
  const { by, test, group } = config.features.split;
  const together = group === undefined ? "" : `, ${escapeMarkdown(group, 60)} on one side`;
  return `by ${by}, ${Number((test * 100).toFixed(2))}% test${together}`;
}

/** `2001-01-01 … 2001-04-01`; empty without a window. */
export function windowLine(window: Window | null): string {
  return window ? `${window.start} … ${window.end}` : "";
}

/** `1,108,433 rows` */
function rowsLine(dataset: DatasetRef): string {
  return `${formatCount(dataset.rows)} row${dataset.rows === 1 ? "" : "s"}`;
}

/** `1,108,433 rows fp:3f9c…`, with the whole fingerprint. */
export function datasetLine(dataset: DatasetRef): string {
  return `${rowsLine(dataset)} ${dataset.fingerprint}`;
}

/** `trees 200, learning_rate 0.1` */
export function paramsLine(params: ModelConfig["params"]): string {
  return Object.entries(params)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(", ");
}
