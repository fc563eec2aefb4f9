import { readCandidate, writeCandidate } from "./candidate/candidate-directory.ts";
import { countJudgedBefore, judgeCandidate } from "./candidate/judge-candidate.ts";
import { type Scored, scoreCandidate } from "./candidate/score-candidate.ts";
import { recordedSplitSeed } from "./candidate/split-seed.ts";
import type { Candidate } from "./candidate/train-candidate.ts";
import { countedDuplicates } from "./evaluation/evaluation.ts";
import { productionOf } from "./registry/production.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { CandidateRecord, VersionRecord } from "./registry/version-record.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** A candidate as the gate sees it now. */
export interface Gated {
  candidate: Candidate;
  /** The version in production whose model this is, byte for byte: there is nothing to decide. */
  identicalTo: number | null;
  /** What it was judged against. */
  production: VersionRecord | null;
}

/**
 * Judges a candidate (a directory, an id, or a model's newest) against its thresholds and what is in production now, and keeps
 * the verdict. It is scored again only when production changed since.
 */
export async function gateCandidate(workspace: Workspace, reference: string, from: string): Promise<Gated> {
  const read = await readCandidate(workspace.root, reference, from);
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const candidate = { ...read, ...(await judgeAgain(workspace, read, snapshot)) };
  await writeCandidate(workspace.root, candidate);
  const production = (await productionOf(snapshot, candidate.record.config.name))?.record ?? null;
  return { candidate, identicalTo: await versionOfModel(snapshot, candidate.record), production };
}

/** The version in production, if it has the very model of this candidate. */
export async function versionOfModel(snapshot: Snapshot, { config, model }: CandidateRecord): Promise<number | null> {
  const production = await productionOf(snapshot, config.name);
  return production?.record.candidate.model.sha256 === model.sha256 ? production.record.version : null;
}

/** What a candidate is told of that is production's very model. */
export function describeIdentical(version: number): string {
  return `nothing to deploy: byte for byte the model of v${version} in production`;
}

/** The candidate against what is in production at `snapshot`. */
export async function judgeAgain(
  workspace: Workspace,
  candidate: Candidate,
  snapshot: Snapshot,
): Promise<Pick<Candidate, "evaluation" | "verdict">> {
  const { evaluation, verdict } = await rescore(workspace, candidate, snapshot);
  return { evaluation, verdict };
}

/** As `judgeAgain`, with the predictions that it was judged by. */
export async function rescore(
  workspace: Workspace,
  candidate: Candidate,
  snapshot: Snapshot,
): Promise<Pick<Candidate, "evaluation" | "verdict"> & Pick<Scored, "predictions">> {
  const { record, naive } = candidate;
  const scoring = {
    config: record.config,
    data: {
      ...record,
      split_seed: recordedSplitSeed(record),
      ...(candidate.evaluation.duplicates && { duplicates: countedDuplicates(candidate.evaluation.duplicates) }),
    },
    onnx: candidate.model,
    sha256: record.model.sha256,
    naive,
    ranking: record.importance,
    ...(candidate.evaluation.leaks && { leaks: candidate.evaluation.leaks }),
  };
  const production = await productionOf(snapshot, record.config.name);
  const scored = await scoreCandidate(workspace, scoring, production);
  const { tried } = candidate.evaluation;
  const { evaluation, predictions } = await countJudgedBefore(workspace, record.id, scoring, scored, tried);
  return { evaluation, verdict: judgeCandidate(workspace, record, evaluation), predictions };
}
