import { identify, prepareData } from "./candidate/prepare-data.ts";
import { recordedSplitSeed } from "./candidate/split-seed.ts";
import { type TrainResult, trainCandidate } from "./candidate/train-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { hashProgramFiles } from "./config/program-files.ts";
import type { FeatureData } from "./data/dataset-store.ts";
import { snapshotChanges } from "./data/sources/source-snapshot.ts";
import { UserError } from "./errors/expected-error.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import { findTrainer } from "./training/trainers.ts";
import { openStepCache } from "./workspace/step-cache.ts";
import { definitionOf, type Workspace } from "./workspace/workspace.ts";

export interface Reproduction {
  model: string;
  version: number;
  /** Whether the retrained model.onnx has the registered bytes. */
  identical: boolean;
  registered: string;
  retrained: string;
  /** Where the rows came from: the query run again gave the registered dataset, or only the stored split has it. */
  data: "query" | "store";
  /** What may explain a difference. */
  notes: string[];
}

/** Retrains a version from its record alone, without the step cache, and compares bytes. */
export async function reproduceVersion(workspace: Workspace, name: string, version: number): Promise<Reproduction> {
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const record = await snapshot.trusted(name, version);
  return (await retrainVersion(workspace, record)).reproduction;
}

/** A version trained again: how it compares, and what training gave. */
export interface RetrainedVersion {
  reproduction: Reproduction;
  trained: TrainResult;
  data: FeatureData;
}

/** Trains a record again, without the step cache. */
export async function retrainVersion(workspace: Workspace, record: VersionRecord): Promise<RetrainedVersion> {
  const { model: name, version } = record;
  const fresh = { ...workspace, cache: openStepCache(`${workspace.root}/.mergeml/cache`, false) };
  const model = withProgramFiles(workspace, modelOf(record));
  const { data, source, changes } = await datasetOf(fresh, model, record);
  const prepared = identify(model, data);
  const trained = await trainCandidate(fresh, model, prepared);
  const registered = record.candidate.model.sha256;
  const reproduction: Reproduction = {
    model: name,
    version,
    identical: trained.sha256 === registered,
    registered,
    retrained: trained.sha256,
    data: source,
    notes: [
      ...differences(workspace, record, source, prepared.trainer.version),
      ...changes,
      ...programNotes(model, record),
      ...equipmentNotes(trained, record),
    ],
  };
  return { reproduction, trained, data };
}

function modelOf({ candidate, model }: VersionRecord): LoadedModel {
  const file = `models/${model}/model.yaml`;
  const path = `models/${model}/${candidate.config.features.query}`;
  return {
    // What a search chose is in the recorded params: nothing is searched again.
    config: { ...candidate.config, search: null },
    file,
    query: { path, text: candidate.query },
    locate: () => ({ file, line: 1, column: 1 }),
  };
}

/** The program itself is in the checkout, not in the record. Throws UserError when it is gone. */
function withProgramFiles({ root }: Pick<Workspace, "root">, model: LoadedModel): LoadedModel {
  if (!findTrainer(model.config.type).readsModelFolder) return model;
  const { files, problems } = hashProgramFiles(root, model);
  const [problem] = problems;
  if (!problem) return { ...model, files };
  const hint = "check out the commit that the version was made from: mergeml show <model>@<version> tells it";
  throw new UserError({ message: `the program of ${model.config.name} is not there: ${problem.message}`, hint });
}

/** A definition that differs although config and query are the record's is one of other files, or of a newer trainer. */
function programNotes(model: LoadedModel, { candidate }: VersionRecord): string[] {
  const { reproducible } = candidate.environment;
  if (!model.files) return reproducible === undefined ? [] : [`reproducible: ${reproducible}`];
  const unproven =
    "a program in another language trained it; nothing but this comparison tells whether it gives the same bytes";
  const recorded = { ...model, config: candidate.config };
  if (definitionOf(recorded) === candidate.definition) return [unproven];
  const commit = candidate.commit ? `: git checkout ${candidate.commit.slice(0, 12)}` : "";
  return [`the program's files are not those that the version was trained with${commit}`, unproven];
}

/** A lock file says which packages, and not which interpreter. */
function equipmentNotes({ environment }: TrainResult, { candidate }: VersionRecord): string[] {
  const names = { python: "Python", r: "R" } as const;
  return Object.entries(names).flatMap(([name, word]) => {
    const [was, is] = [candidate.environment[name], environment[name]];
    return was === undefined || is === undefined || was === is ? [] : [`trained with ${word} ${was}; this is ${is}`];
  });
}

/** The registered dataset: from the recorded query if the data is still the same, else from the store. */
async function datasetOf(
  workspace: Workspace,
  model: LoadedModel,
  record: VersionRecord,
): Promise<{ data: { ok: true } & FeatureData; source: "query" | "store"; changes: string[] }> {
  const { candidate } = record;
  const seed = recordedSplitSeed(candidate);
  const rerun = await prepareData(workspace, withUsedWindow(model), seed, candidate.sources).catch(
    (error: unknown) => error,
  );
  const changes = sourceChanges(rerun, record);
  if (isSameData(rerun, record)) return { data: rerun, source: "query", changes };
  if (await workspace.store.has(candidate.train.fingerprint)) {
    const { train, test, features, classes, checks, notes } = candidate;
    return { data: { ok: true, train, test, features, classes, checks, notes }, source: "store", changes };
  }
  const changed = changes.length > 0 ? `: ${changes.join("; ")}` : "";
  const why = rerun instanceof Error ? rerun.message : `its query gives other rows today${changed}`;
  throw new UserError(
    {
      message: `${record.model}@${record.version} cannot be retrained: ${why}, and its train split ${candidate.train.fingerprint} is not in the dataset store`,
      hint: "bring back the data as it was (git checkout of the recorded commit may do), or copy the store from the machine that trained it",
    },
    rerun instanceof Error ? { cause: rerun } : undefined,
  );
}

/** What of the version's sources is not as it was read, as far as it can be told. */
function sourceChanges(rerun: unknown, { candidate }: VersionRecord): string[] {
  if (!candidate.sources) return [];
  if (rerun instanceof Error) return [rerun.message];
  return snapshotChanges(candidate.sources, (rerun as FeatureData).sources ?? []);
}

/** Versions were once trained with a window that their query did not use, which is an error now. */
function withUsedWindow(model: LoadedModel): LoadedModel {
  if (/\$(?:start|end)\b/i.test(model.query.text)) return model;
  return { ...model, config: { ...model.config, features: { ...model.config.features, window: null } } };
}

function isSameData(rerun: unknown, { candidate }: VersionRecord): rerun is { ok: true } & FeatureData {
  return (
    typeof rerun === "object" &&
    rerun !== null &&
    "train" in rerun &&
    (rerun as FeatureData).train.fingerprint === candidate.train.fingerprint
  );
}

function differences(
  { toolVersion }: Workspace,
  { candidate }: VersionRecord,
  source: "query" | "store",
  trainerVersion: number,
): string[] {
  const notes: string[] = [];
  if (source === "store")
    notes.push("the query gives other rows today than when it was registered: the stored train split was used");
  if (trainerVersion !== candidate.trainer.version)
    notes.push(
      `trained by ${candidate.trainer.name} version ${candidate.trainer.version}; this is version ${trainerVersion}`,
    );
  if (toolVersion !== candidate.environment.mergeml)
    notes.push(`trained by mergeml ${candidate.environment.mergeml}; this is ${toolVersion}`);
  return notes;
}
