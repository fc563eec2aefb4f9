import type { ModelConfig } from "../config/model-config.ts";
import type { FeatureData } from "../data/dataset-store.ts";
import { type JoinedFeatures, joinFeatures } from "../data/join-features.ts";
import type { hashInputs, listInputs } from "../data/list-inputs.ts";
import type { FeatureSpec, Table } from "../data/table.ts";
import { UserError } from "../errors/user-error.ts";
import type { Baseline, OwnQuery } from "../evaluation/evaluation.ts";
import type { Production } from "../registry/production.ts";
import { withForestModel } from "../training/onnx/forest-model.ts";
import type { Predictions } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Production's predictions, as far as there are any. */
export interface ScoredProduction {
  baseline: Baseline;
  predictions: Predictions | null;
  /** Positions of the test rows that `predictions` are of, and that both models are judged on; null for all of them. */
  rows: Int32Array | null;
}

type CandidateData = Pick<FeatureData, "features" | "test">;

/**
 * Scores production on the candidate's test rows. What the candidate's query no longer gives is taken from production's own
 * query, over the candidate's window, joined by key. A model that does not load or score is a failed baseline, one that has
 * no row in common with the candidate an incomparable one: neither is "no baseline".
 */
export async function scoreProduction(
  workspace: Workspace,
  config: ModelConfig,
  data: CandidateData,
  production: Production | null,
  table: Table,
): Promise<ScoredProduction> {
  if (!production) return { baseline: { state: "none" }, predictions: null, rows: null };
  const { version, candidate } = production.record;
  const about = { version, model: candidate.model.sha256 };
  const model = { ...about, features: candidate.features, classes: candidate.classes };
  try {
    const found = await featuresOf(workspace, config, data, production, table);
    if ("reason" in found) {
      return { baseline: { state: "incomparable", ...model, reason: found.reason }, predictions: null, rows: null };
    }
    const bytes = await production.bytes();
    const predictions = await withForestModel(bytes, candidate, (opened) => opened.predict(found.features));
    const own = found.own && { own_query: found.own };
    return { baseline: { state: "scored", ...model, ...own }, predictions, rows: found.rows };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { baseline: { state: "failed", ...about, reason }, predictions: null, rows: null };
  }
}

/** How the files that a query could read are told apart. */
export type ListFiles = typeof listInputs | typeof hashInputs;

/** What decides, beside the test rows and the two models, how production scores: the data that its own query reads, when that must run. */
export async function ownQueryInputs(
  { root, repository, extraData }: Workspace,
  { features }: ModelConfig,
  data: CandidateData,
  { record }: Production,
  list: ListFiles,
): Promise<{ window?: unknown; files?: unknown }> {
  if (missingFeatures(data.features, record.candidate.features).length === 0) return {};
  return { window: features.window, files: await list(root, repository.data, extraData) };
}

type ProductionFeatures =
  | (Pick<JoinedFeatures, "features"> & { rows: Int32Array | null; own?: OwnQuery })
  | { reason: string };

async function featuresOf(
  workspace: Workspace,
  config: ModelConfig,
  data: CandidateData,
  { record: { candidate } }: Production,
  table: Table,
): Promise<ProductionFeatures> {
  const { task } = candidate.config;
  if (task !== config.task) return { reason: `it does ${task}, and the candidate ${config.task}` };
  const missing = missingFeatures(data.features, candidate.features);
  if (missing.length === 0) return { features: table.features, rows: null };
  const gone = `the candidate's query no longer gives ${missing.join(", ")}`;
  const { key } = config.features;
  if (key.length === 0) return { reason: `${gone}, and without features.key production's own query cannot be joined` };
  if (key.some((name) => !candidate.config.features.key.includes(name))) {
    return { reason: `${gone}, and production's own query has no key ${key.join(", ")} to join by` };
  }
  try {
    const { rows, features } = await joinFeatures(joinJob(workspace, config, data, candidate));
    if (rows.length === 0) return { reason: `${gone}, and its own query gives no row with a key of the test rows` };
    return { rows, features, own: { missing, key, test_rows: data.test.rows, joined_rows: rows.length } };
  } catch (error) {
    // A machine that fails says nothing of the query.
    if (!(error instanceof UserError)) throw error;
    return { reason: `${gone}, and its own query no longer runs: ${error.message}` };
  }
}

/** Names of what production needs and the candidate's rows have not, or have as something else. */
function missingFeatures(have: readonly FeatureSpec[], need: readonly FeatureSpec[]): string[] {
  const lost = need.filter(({ name, kind }) => {
    const now = have.find((each) => each.name === name);
    return !now || (now.kind === "category") !== (kind === "category");
  });
  return lost.map(({ name }) => name);
}

function joinJob(
  { root, repository, extraData, engineOf, store, threads }: Workspace,
  { features, resources }: ModelConfig,
  { test }: CandidateData,
  candidate: Production["record"]["candidate"],
): Parameters<typeof joinFeatures>[0] {
  const own = candidate.config.features;
  return {
    root,
    data: repository.data,
    extraData,
    engine: engineOf(own.engine),
    store,
    limits: { memory_gb: resources.memory_gb, threads, seconds: resources.timeout_minutes * 60 },
    config: { ...candidate.config, features: { ...own, window: features.window } },
    query: { path: `${own.query} of production`, text: candidate.query },
    wanted: candidate.features,
    split: test,
    key: features.key,
  };
}
