import { dirname } from "node:path";
import { chooseParams } from "./candidate/choose-params.ts";
import { countJudgedBefore, judgeCandidate } from "./candidate/judge-candidate.ts";
import { identify, type PreparedData, prepareData } from "./candidate/prepare-data.ts";
import { type Scored, scoreCandidate } from "./candidate/score-candidate.ts";
import { splitSeedOf } from "./candidate/split-seed.ts";
import { type BuildResult, type Candidate, type TrainResult, trainCandidate } from "./candidate/train-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { productionOf } from "./registry/production.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { trainedRowsNotes } from "./registry/trained-rows.ts";
import type { CandidateRecord } from "./registry/version-record.ts";
import { environmentFacts } from "./workspace/tool-version.ts";
import type { Workspace } from "./workspace/workspace.ts";

/**
 * model.yaml → candidate: feature query, checks and split, search if there is one, training, evaluation against production, verdict.
 * Each step's result is kept under the hash of its inputs. `evenIfUnchanged` builds it though production has the same inputs.
 */
export async function buildCandidate(
  workspace: Workspace,
  model: LoadedModel,
  snapshot: Snapshot,
  options: { evenIfUnchanged?: boolean } = {},
): Promise<BuildResult> {
  const { name } = model.config;
  const splitSeed = await splitSeedOf(model.config, snapshot);
  const features = await prepareData(workspace, model, splitSeed);
  if (!features.ok) return { state: "checks-failed", model, checks: features.checks, rows: features.rows };
  const prepared = identify(model, features);
  const production = await productionOf(snapshot, name);
  if (production?.record.candidate.id === prepared.id && !options.evenIfUnchanged) {
    return { state: "unchanged", model, version: production.record.version };
  }
  const { chosen, trials } = await chooseParams(workspace, model, prepared);
  const trained = await trainCandidate(workspace, chosen, prepared);
  const scoring = {
    config: model.config,
    data: { ...features, split_seed: splitSeed },
    onnx: trained.model,
    sha256: trained.sha256,
    naive: trained.naive,
    ranking: trained.facts.importance,
    leaks: trained.leaks,
  };
  const fresh = await scoreCandidate(workspace, scoring, production);
  const scored = await countJudgedBefore(workspace, prepared.id, scoring, fresh);
  const refusal = await workspace.registry.refuses(name, trained.model.length);
  if (refusal) workspace.log.warn(`it cannot be deployed: ${refusal.message}`);
  const record = {
    ...(await recordCandidate(workspace, chosen, prepared, trained, scored)),
    split_seed: splitSeed,
    ...trials,
  };
  const { evaluation } = scored;
  const verdict = judgeCandidate(workspace, record, evaluation);
  const { naive, example } = trained;
  const candidate: Candidate = { record, model: trained.model, evaluation, verdict, naive, example };
  if (production?.record.candidate.model.sha256 === trained.sha256) {
    return { state: "identical", model, candidate, version: production.record.version };
  }
  return { state: "judged", model, candidate, production: production?.record ?? null };
}

async function recordCandidate(
  { git, clock, toolVersion }: Workspace,
  { config, query, file }: LoadedModel,
  { id, definition, trainer, data }: PreparedData,
  trained: TrainResult,
  { predictions }: Scored,
): Promise<CandidateRecord> {
  const [commit, dirty] = await Promise.all([git.headCommit(), git.isDirty(dirname(file))]);
  return {
    id,
    definition,
    config,
    query: query.text,
    trainer: { name: trainer.name, version: trainer.version },
    commit,
    dirty,
    features: data.features,
    classes: data.classes,
    train: data.train,
    test: data.test,
    predictions,
    ...(data.sources && { sources: data.sources }),
    checks: data.checks,
    notes: [...(data.warnings ?? []), ...data.notes, ...trained.notes, ...trainedRowsNotes(data.train)],
    model: { sha256: trained.sha256, size: trained.model.length },
    ...trained.facts,
    environment: { ...environmentFacts(toolVersion), ...trained.environment },
    created: clock.now().toISOString(),
    train_seconds: trained.seconds,
  };
}
