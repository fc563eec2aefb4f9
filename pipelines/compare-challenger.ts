import { join } from "node:path";
import { interruptAfter, type Session } from "./data/engines/session.ts";
import { openSession } from "./data/engines/tables.ts";
import { UserError } from "./errors/expected-error.ts";
import { tooSlow } from "./predictions/score-input.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { ChallengerPointer, VersionRecord } from "./registry/version-record.ts";
import { judgeLabelled, labelledFiles } from "./serving/comparison/compare-arms.ts";
import { type ArmTable, agreementOf, armFacts, fillArm, pairRows } from "./serving/comparison/read-arms.ts";
import {
  type ArmFacts,
  type ChallengerComparison,
  rememberComparison,
  trialNotes,
} from "./serving/comparison/trial-notes.ts";
import { logFiles, logFolder, type WindowJob, windowLimits } from "./watch/window/drift-window.ts";
import { labelQuery } from "./watch/window/log-source.ts";
import { watchedModel } from "./watch/window-inputs.ts";
import type { Workspace } from "./workspace/workspace.ts";

/**
 * What the prediction log says of a challenger and of production since the trial began: what they predicted, how fast, how often they
 * failed, and, once labels are there, their metrics with the gate's own interval. Throws UserError when nothing is tried.
 */
export async function compareChallenger(
  workspace: Workspace,
  snapshot: Snapshot,
  model: string,
  { now }: { now: Date },
): Promise<ChallengerComparison> {
  const watched = await watchedModel(workspace, snapshot, model);
  const pointer = await snapshot.challenger(model);
  if (pointer === null || pointer.version === watched.record.version) throw nothingTried(model);
  const challenger = await snapshot.trusted(model, pointer.version);
  const since = new Date(pointer.since);
  await workspace.remoteLog?.fetch(model, since);
  const folder = await logFolder(workspace.root, workspace.repository.predictions, model);
  if (folder === null) throw noLog(workspace, model);
  await using staging = await workspace.store.staging();
  const job: WindowJob = {
    ...workspace,
    record: watched.record,
    bytes: () => snapshot.modelBytes(model, watched.record.version),
    drift: watched.today.drift,
    interval: { from: since, to: now },
    now,
    staging: staging.path,
  };
  const comparison = await compareIn(job, { pointer, challenger, folder });
  await rememberComparison(workspace.cache, { production: watched.record, challenger }, comparison);
  return comparison;
}

interface Trial {
  pointer: ChallengerPointer;
  challenger: VersionRecord;
  folder: string;
}

async function compareIn(job: WindowJob, trial: Trial): Promise<ChallengerComparison> {
  const { staging } = job;
  const limits = windowLimits(job);
  const written = Object.values(labelledFiles(staging));
  const writable = [...written, join(staging, "query.parquet")];
  using session = await openSession({ ...limits, readable: [trial.folder], writable, spill: join(staging, "spill") });
  const limit = interruptAfter(session, limits.seconds);
  try {
    return await compareRows(session, job, trial);
  } catch (error) {
    throw limit.reached() ? tooSlow(`the prediction log of ${job.record.model}`, limits.seconds, error) : error;
  } finally {
    limit.stop();
  }
}

async function compareRows(session: Session, job: WindowJob, trial: Trial): Promise<ChallengerComparison> {
  const { pointer, challenger, folder } = trial;
  const files = await logFiles(folder, job.interval);
  const production: ArmTable = { table: "production_rows", record: job.record };
  const tried: ArmTable = { table: "challenger_rows", record: challenger };
  const paired = pointer.mode === "shadow";
  await fillArm(session, job, production, { files, arm: "production" });
  await fillArm(session, job, tried, { files, arm: paired ? "shadow" : "challenger" });
  if (paired) await pairRows(session, { production, tried });
  const labels = await labelQuery(job);
  const arms = { production, tried, paired };
  const judged = "query" in labels ? await judgeLabelled(session, job, arms, labels.query) : null;
  const facts = async (arm: ArmTable, labelled: number): Promise<ArmFacts> => ({
    ...(await armFacts(session, arm)),
    labelled,
  });
  const found = {
    production: await facts(production, judged?.labelled.production ?? 0),
    challenger: await facts(tried, judged?.labelled.challenger ?? 0),
  };
  const { mode, share, since, by } = pointer;
  return {
    ...{ model: job.record.model, mode, share, since, until: job.interval.to.toISOString(), by },
    ...found,
    agreement: paired ? await agreementOf(session, challenger.candidate.classes.length > 0) : null,
    paired,
    judged: judged?.judged ?? { production: 0, challenger: 0 },
    metrics: judged?.metrics ?? [],
    outcome: judged?.outcome ?? "no labels",
    needed: judged?.needed ?? null,
    label_problem: "query" in labels ? null : labels.problem,
    notes: trialNotes(pointer, found),
  };
}

function nothingTried(model: string): UserError {
  const message = `${model} has no challenger to compare with production`;
  return new UserError({ message, hint: `name one: mergeml challenge ${model}@<version> --shadow` });
}

function noLog({ repository }: Workspace, model: string): UserError {
  return new UserError({
    message: `nothing was logged of ${model}: there is no prediction log in ${repository.predictions}/${model}`,
    hint: "mergeml serve writes it; a log elsewhere is named by predictions in mergeml.yaml",
  });
}
