import { sha256 } from "../config/canonical-json.ts";
import type { MetricComparison } from "../evaluation/evaluation.ts";
import type { Git } from "../registry/git/git.ts";
import { readVersionFiles, type VersionFile } from "../registry/read-records.ts";
import type { Registry } from "../registry/registry.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import { artifactPath } from "./artifact-path.ts";
import {
  type BatchMetric,
  findOrCreate,
  type MlflowApi,
  MlflowError,
  type MlflowModel,
  type MlflowRun,
  type MlflowVersion,
} from "./mlflow-api.ts";
import { mlflowValue } from "./mlflow-names.ts";
import {
  commitTags,
  dataTags,
  longestTag,
  metricPoints,
  mirrorExperiment,
  mirrorRun,
  mirrorTags,
  type RunFacts,
  runParams,
  tagOf,
  toTags,
  verdictTags,
  withTrials,
} from "./run-facts.ts";

/** The alias on the MLflow server that says what is in production. */
const productionAlias = "production";

/** What mirroring one model changed; numbers of ours, and MLflow's beside them. */
export interface MirroredModel {
  model: string;
  /** Versions that were missing on the server. */
  created: { version: number; mlflow_version: string }[];
  /** `version` null: nothing is in production. */
  alias: { version: number | null; mlflow_version: string | null; changed: boolean };
  notes: string[];
}

export interface MirrorSource {
  api: MlflowApi;
  git: Git;
  registry: Pick<Registry, "history">;
  snapshot: Snapshot;
  /** Told after each version that was created. */
  progress?: (done: number, of: number) => void;
}

/** Makes the server's copy of one model equal to the registry: missing runs and versions, oldest first, then the alias. */
export async function mirrorModel(source: MirrorSource, model: string): Promise<MirroredModel> {
  const { api, snapshot } = source;
  const records = await snapshot.records(model);
  const pointer = await snapshot.production(model);
  const { found } = await findOrCreate(
    `the registered model ${model}`,
    () => api.registeredModel(model),
    () => api.createRegisteredModel(describeModel(model, records.at(-1))),
  );
  const versions = await api.versions(model);
  const missing = records.filter((record) => findMirrored(versions, record) === null);
  const added = missing.length > 0 ? await addVersions(source, model, missing) : [];
  const all = [...versions, ...added];
  const mirrored = new Map(records.map((record) => [record.version, findMirrored(all, record)?.version]));
  const wanted = pointer ? { version: pointer.version, mlflow: mirrored.get(pointer.version)! } : null;
  const ours = new Set(mirrored.values());
  const created = missing.map(({ version }) => ({ version, mlflow_version: mirrored.get(version)! }));
  return { model, created, ...(await mirrorAlias(api, found, wanted, ours)) };
}

function describeModel(model: string, newest: VersionRecord | undefined) {
  const description = newest?.candidate.config.description ?? "";
  return { name: model, description, tags: toTags({ [mirrorTags.model]: model }) };
}

async function addVersions(
  { api, git, registry, snapshot, progress }: MirrorSource,
  model: string,
  missing: readonly VersionRecord[],
): Promise<MlflowVersion[]> {
  const experiment = await mirrorExperiment(api, model);
  const history = await registry.history(model, snapshot);
  const added: MlflowVersion[] = [];
  for (const record of missing) {
    const { run } = await mirrorRun(api, experiment, trainingRun(record));
    const entry = history.find(({ action, to }) => action === "register" && to === record.version);
    const files = readVersionFiles(git, snapshot, record);
    added.push(await mirrorVersion(api, run, { record, files, registryCommit: entry?.commit ?? null }));
    progress?.(added.length, missing.length);
  }
  return added;
}

/** An alias on a version that is not ours is taken over for production, but not removed: somebody else set it. */
async function mirrorAlias(
  api: MlflowApi,
  { name, aliases = [] }: MlflowModel,
  wanted: { version: number; mlflow: string } | null,
  ours: ReadonlySet<string | undefined>,
): Promise<Pick<MirroredModel, "alias" | "notes">> {
  const current = aliases.find(({ alias }) => alias === productionAlias)?.version ?? null;
  const alias = { version: wanted?.version ?? null, mlflow_version: wanted?.mlflow ?? null };
  if ((wanted?.mlflow ?? null) === current) return { alias: { ...alias, changed: false }, notes: [] };
  if (wanted) {
    await api.setAlias(name, productionAlias, wanted.mlflow);
    return { alias: { ...alias, changed: true }, notes: [] };
  }
  if (!ours.has(current ?? undefined)) {
    const note = `${name}: nothing is in production, yet the alias ${productionAlias} on the MLflow server names version ${current}, which mergeml did not mirror; it was left`;
    return { alias: { ...alias, changed: false }, notes: [note] };
  }
  await api.deleteAlias(name, productionAlias);
  return { alias: { ...alias, changed: true }, notes: [] };
}

/** Folder of a run's artifacts that is the model. */
const modelArtifact = "model";

/** The version on the server that mirrors this one; of a model of that name from elsewhere none does. */
function findMirrored(versions: readonly MlflowVersion[], record: VersionRecord): MlflowVersion | null {
  const mirrored = versions.find(
    ({ tags }) =>
      tagOf(tags, mirrorTags.version) === String(record.version) &&
      tagOf(tags, mirrorTags.candidate) === record.candidate.id,
  );
  return mirrored ?? null;
}

interface VersionSource {
  record: VersionRecord;
  files: AsyncIterable<VersionFile>;
  /** Of the registration; null when the branch's history does not tell. */
  registryCommit: string | null;
}

/** Uploads a version's files to its run, reads them back, and only then makes the model version that points to them. */
async function mirrorVersion(
  api: MlflowApi,
  run: MlflowRun,
  { record, files, registryCommit }: VersionSource,
): Promise<MlflowVersion> {
  const { run_id, artifact_uri } = run.info;
  const folder = `${artifactPath(artifact_uri)}/${modelArtifact}`;
  for await (const file of files) await upload(api, `${folder}/${file.name}`, file.bytes);
  const mapping = {
    [mirrorTags.version]: String(record.version),
    [mirrorTags.candidate]: record.candidate.id,
    ...(registryCommit && { [mirrorTags.registryCommit]: registryCommit }),
  };
  const tags = toTags({ ...mapping, ...verdictTags(record.verdict), "mergeml.registered_by": record.registered_by });
  for (const tag of tags) await api.setRunTag(run_id, tag);
  const source = `${artifact_uri?.replace(/\/+$/, "")}/${modelArtifact}`;
  const description = record.verdict.summary;
  const { found } = await findOrCreate(
    `${record.model} version ${record.version}`,
    async () => findMirrored(await api.versions(record.model), record),
    () => api.createVersion({ name: record.model, source, run_id, description, tags }),
  );
  return found;
}

/** Throws MlflowError when the server gives back something else than it was sent. */
async function upload(api: MlflowApi, path: string, bytes: Uint8Array): Promise<void> {
  await api.putArtifact(path, bytes);
  const back = await api.getArtifact(path, Math.max(bytes.length, 1));
  if (back.length === bytes.length && sha256(back) === sha256(bytes)) return;
  throw new MlflowError(
    `the MLflow server keeps ${path} with ${back.length} bytes, not the ${bytes.length} that were sent, or with other ones`,
    `reading ${path} back`,
    { status: 200, code: null, unclear: true },
  );
}

/** A candidate that was trained and judged, registered or not. */
export type Trained = Pick<VersionRecord, "candidate" | "evaluation" | "verdict">;

/** The run in which a candidate was trained. */
export function trainingRun({ candidate, evaluation, verdict }: Trained): RunFacts {
  const ended = Date.parse(candidate.created);
  const { trials = [], config } = candidate;
  const run: RunFacts = {
    model: config.name,
    mark: { key: mirrorTags.candidate, value: candidate.id },
    name: candidate.id.slice(0, 14),
    started: ended - Math.round(candidate.train_seconds * 1000),
    ended,
    status: "FINISHED",
    params: runParams(config),
    metrics: runMetrics(candidate, evaluation.metrics, ended),
    tags: { ...lineageTags(candidate), ...verdictTags(verdict) },
    trials: [],
  };
  return withTrials(run, { trials, metric: config.search?.metric ?? null });
}

function lineageTags(candidate: CandidateRecord): Record<string, string> {
  const { config, commit, dirty, train, test, trainer, environment } = candidate;
  return {
    [mirrorTags.model]: config.name,
    [mirrorTags.candidate]: candidate.id,
    "mergeml.definition": candidate.definition,
    "mergeml.trainer": `${trainer.name} ${trainer.version}`,
    ...dataTags({ train, test }),
    "mergeml.environment": mlflowValue(JSON.stringify(environment), longestTag),
    "mlflow.source.name": "mergeml",
    ...commitTags({ commit, dirty }),
  };
}

/** The candidate's scores by their own names, those of production and the naive baseline below theirs, and the training's curves. */
function runMetrics(candidate: CandidateRecord, scores: readonly MetricComparison[], timestamp: number): BatchMetric[] {
  const scored = scores.flatMap((score): [string, number | null][] => [
    [score.metric, score.candidate],
    [`production/${score.metric}`, score.production],
    [`naive/${score.metric}`, score.naive],
  ]);
  return metricPoints([...scored, ["train_seconds", candidate.train_seconds]], candidate.curves, timestamp);
}
