import { recordOutline, shapeProblem } from "../../registry/record-shape.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import type { DashboardModel, ListedVersion } from "./data-pages.ts";

/** What the dashboard takes of a version's record. */
export interface ReadVersion {
  listed: ListedVersion;
  /** What it says of its model. */
  about: Pick<DashboardModel, "owner" | "description">;
}

/** Members of a record that are looked into. */
const looked = new Set(["config", "features", "train", "test", "metrics"]);

/** null for a record that lacks what is listed of it, or has it in another shape. */
export function readVersion(content: Uint8Array): ReadVersion | null {
  try {
    const record = JSON.parse(recordOutline(content, looked)) as VersionRecord;
    return shapeProblem(record, listedShape) === null
      ? { listed: listedVersion(record), about: aboutOf(record) }
      : null;
  } catch {
    return null;
  }
}

const dataset = { fingerprint: "string", rows: "number" } as const;

/** What is read of a record here. */
const listedShape = {
  version: "number",
  "pull_request?": "number",
  registered: "string",
  registered_by: "string",
  candidate: {
    id: "string",
    "commit?": "string",
    config: {
      description: "string",
      "owner?": "string",
      type: "string",
      seed: "number",
      params: "object",
      features: "object",
    },
    features: [{ name: "string" }],
    train: dataset,
    test: dataset,
  },
  evaluation: { primary: "string", metrics: [{ metric: "string", candidate: "score" }] },
  verdict: { outcome: "string", summary: "string" },
} as const;

function aboutOf({ candidate: { config } }: VersionRecord): ReadVersion["about"] {
  return { owner: config.owner ?? null, description: config.description };
}

function listedVersion({
  version,
  registered,
  registered_by,
  pull_request,
  candidate,
  evaluation,
  verdict,
}: VersionRecord): ListedVersion {
  const { config, train, test } = candidate;
  return {
    version,
    registered,
    by: registered_by,
    pull_request: pull_request ?? null,
    metric: evaluation.primary,
    value: evaluation.metrics[0]?.candidate ?? null,
    metrics: Object.fromEntries(
      evaluation.metrics.flatMap((each) => (each.candidate === null ? [] : [[each.metric, each.candidate]])),
    ),
    type: config.type,
    seed: config.seed,
    params: config.params,
    candidate: candidate.id,
    commit: candidate.commit ?? null,
    train: { fingerprint: train.fingerprint, rows: train.rows },
    test: { fingerprint: test.fingerprint, rows: test.rows },
    window: config.features.window ? { start: config.features.window.start, end: config.features.window.end } : null,
    features: candidate.features.map(({ name }) => name),
    views: config.features.composition?.views.map(({ name }) => name) ?? [],
    verdict: verdict.outcome,
    summary: verdict.summary,
  };
}
