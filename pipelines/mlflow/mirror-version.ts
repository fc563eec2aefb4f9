import { sha256 } from "../config/canonical-json.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { artifactPath } from "./artifact-path.ts";
import { findOrCreate } from "./find-or-create.ts";
import { tagOf, toTags } from "./mirror-run.ts";
import type { MlflowApi, MlflowRun, MlflowVersion } from "./mlflow-api.ts";
import { MlflowError } from "./mlflow-error.ts";
import { mirrorTags, verdictTags } from "./run-facts.ts";
import type { VersionFile } from "./version-folder.ts";

/** Folder of a run's artifacts that is the model. */
const modelArtifact = "model";

/** The version on the server that mirrors this one; of a model of that name from elsewhere none does. */
export function findMirrored(versions: readonly MlflowVersion[], record: VersionRecord): MlflowVersion | null {
  const mirrored = versions.find(
    ({ tags }) =>
      tagOf(tags, mirrorTags.version) === String(record.version) &&
      tagOf(tags, mirrorTags.candidate) === record.candidate.id,
  );
  return mirrored ?? null;
}

export interface VersionSource {
  record: VersionRecord;
  files: AsyncIterable<VersionFile>;
  /** Of the registration; null when the branch's history does not tell. */
  registryCommit: string | null;
}

/** Uploads a version's files to its run, reads them back, and only then makes the model version that points to them. */
export async function mirrorVersion(
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
