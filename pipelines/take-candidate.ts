import { dirname, join } from "node:path";
import { writeCandidate } from "./candidate/candidate-directory.ts";
import { leaveSteps } from "./candidate/leave-steps.ts";
import { splitSeedOf } from "./candidate/split-seed.ts";
import { type Candidate, naiveOf } from "./candidate/train-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { loadTable, type Table } from "./data/table.ts";
import { UserError } from "./errors/expected-error.ts";
import { findLeaks } from "./evaluation/leak.ts";
import { rescore } from "./gate.ts";
import { notTaken, takeDatasets, takeModel } from "./handover/candidate-files.ts";
import { recordDoubt } from "./handover/evaluation-doubt.ts";
import {
  bundleFile,
  type CandidateBundle,
  readBundle,
  type TrainingOutcome,
  writeOutcome,
} from "./handover/training-outcome.ts";
import { inputExample } from "./registry/mlflow-files.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { CandidateRecord } from "./registry/version-record.ts";
import { tellTraining } from "./train.ts";
import { proveApart } from "./training/command/prove-apart.ts";
import { readModel, type Workspace } from "./workspace/workspace.ts";

/** Scoring some 20,000 rows takes no longer with a model that is of use. */
const proofSeconds = 600;

/**
 * Takes over what another job trained, perhaps beside a program of the model's author: as hostile data. Nothing of the author runs
 * here. The config must be the one that is checked out; the rows must have the fingerprints of the record; the model must keep the
 * contract, which a process of its own proves; and it is scored and judged anew, beside what is in production now. What then
 * lies here is as if it had been trained here. Throws UserError for what is not believed.
 */
export async function takeCandidate(
  workspace: Workspace,
  name: string,
  folder: string,
  { logRuns = false }: { logRuns?: boolean } = {},
): Promise<TrainingOutcome> {
  const bundle = await readBundle(join(folder, bundleFile), name);
  const model = await readModel(workspace, name);
  if (bundle.candidate === null) return takeFailure(workspace, model, bundle, logRuns);
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const { record } = bundle.candidate;
  const doubt = await doubtOf(workspace, record, model, snapshot);
  if (doubt !== null) throw notTaken(name, doubt);
  const onnx = await takeModel(folder, record);
  await takeDatasets(workspace.store, folder, record);
  const taken = { ...bundle.candidate, record: ownRecord(record, model), model: onnx };
  const candidate = await judgeTaken(workspace, model, taken, snapshot);
  await writeCandidate(workspace.root, candidate);
  const outcome: TrainingOutcome = { state: "candidate", id: record.id };
  await writeOutcome(workspace.root, name, outcome);
  await tellTraining(workspace, candidate, { event: "train", logRuns });
  return outcome;
}

/** Only what a search chose is the record's. */
function ownRecord(record: CandidateRecord, { config }: LoadedModel): CandidateRecord {
  return { ...record, config: { ...config, params: record.config.params } };
}

async function doubtOf(
  { git }: Workspace,
  record: CandidateRecord,
  model: LoadedModel,
  snapshot: Snapshot,
): Promise<string | null> {
  const commit = (await git.headCommit()) ?? "";
  if (record.commit !== commit || record.dirty) return `it was trained from another commit than ${commit.slice(0, 7)}`;
  const seed = await splitSeedOf(model.config, snapshot);
  if (record.split_seed !== seed) return `its rows were split by another seed than ${seed}`;
  return recordDoubt(record, model, commit);
}

async function judgeTaken(
  workspace: Workspace,
  model: LoadedModel,
  told: Omit<Candidate, "naive" | "example">,
  snapshot: Snapshot,
): Promise<Candidate> {
  const { record } = told;
  const { features, classes, config } = record;
  const { task } = config;
  const table = await loadTable(workspace.store, record.train, {
    features,
    target: config.features.target,
    task,
    classes,
  });
  await proveApart(told.model, table, proofSeconds);
  const { tried: _counted, ...evaluation } = told.evaluation;
  const taken = { ...told, evaluation: { ...evaluation, leaks: findLeaks(table) }, ...factsOf(table) };
  await leaveSteps(workspace, model, taken, table);
  const { predictions, ...judged } = await rescore(workspace, taken, snapshot);
  return { ...taken, ...judged, record: { ...record, predictions } };
}

/** What follows from the rows is not taken from the other job. */
function factsOf(table: Table): Pick<Candidate, "naive" | "example"> {
  return { naive: naiveOf(table.target), example: inputExample(table.features, 5) };
}

async function takeFailure(
  workspace: Workspace,
  { config, file }: LoadedModel,
  { outcome }: CandidateBundle,
  logRuns: boolean,
): Promise<TrainingOutcome> {
  await writeOutcome(workspace.root, config.name, outcome);
  if (logRuns && (outcome.state === "error" || outcome.state === "unreached"))
    await workspace.runs.addFailure(config, dirname(file), new UserError(outcome.problems), "train");
  return outcome;
}
