import type { Git } from "../registry/git/git.ts";
import type { Registry } from "../registry/registry.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { trainingRun } from "./candidate-run.ts";
import { findOrCreate } from "./find-or-create.ts";
import { mirrorExperiment, mirrorRun, toTags } from "./mirror-run.ts";
import { findMirrored, mirrorVersion } from "./mirror-version.ts";
import type { MlflowApi, MlflowModel, MlflowVersion } from "./mlflow-api.ts";
import { mirrorTags } from "./run-facts.ts";
import { readVersionFiles } from "./version-folder.ts";

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
