import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashFile } from "./data/hash-file.ts";
import type { NamedFile, VersionShelf } from "./data/stores/remote-store.ts";
import { EnvironmentError } from "./errors/expected-error.ts";
import { readVersionFiles } from "./registry/read-records.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { modelFile, referenceFile } from "./registry/stored-model.ts";
import { verdictBundleFile } from "./registry/trust/verdict-statement.ts";
import { readRecord, recordFile, type VersionRecord } from "./registry/version-record.ts";
import type { Workspace } from "./workspace/workspace.ts";

type Packing = Pick<Workspace, "store" | "log">;

/** What a packed version is called in the store: the digest of its record covers all of it. */
export function packedName({ digest }: Pick<VersionRecord, "digest">): string {
  return digest.replace("sha256:", "version:");
}

/**
 * Sends a version as one artifact and reads it back, where the store's clients take such, before anything points to it. Gives the
 * bytes that were sent. Throws EnvironmentError when it does not come back as it was.
 */
export async function packVersion(
  { store, log }: Packing,
  record: VersionRecord,
  files: readonly NamedFile[],
): Promise<number> {
  const shelf = store.shared?.remote.versions;
  if (!shelf || !store.shared) return 0;
  const { model, version, candidate, registered } = record;
  const { config, commit } = candidate;
  const repository = await store.shared.repository();
  const about = { model, version, type: config.type, description: config.description, created: registered, commit };
  const bundle = files.find(({ name }) => name === verdictBundleFile)?.bytes ?? null;
  const content = files.filter(({ name }) => name !== verdictBundleFile);
  await using staging = await store.staging();
  const sent = await shelf.put(
    { ...about, name: packedName(record), repository, bundle, files: content },
    staging.path,
  );
  await readPacked({ store }, shelf, record);
  log.info(`  ${model}@${version} is one artifact in ${store.title}, read back`);
  return sent;
}

/** As `packVersion`, of a version that is on the branch; its files are read only when the store lacks it. */
export async function packRegistered(
  workspace: Packing & Pick<Workspace, "git">,
  snapshot: Snapshot,
  record: VersionRecord,
): Promise<number> {
  const { store, git } = workspace;
  const remote = store.shared?.remote;
  if (!remote?.versions) return 0;
  if (await remote.find(packedName(record))) {
    await readPacked(workspace, remote.versions, record);
    return 0;
  }
  const files: NamedFile[] = [];
  for await (const file of readVersionFiles(git, snapshot, record)) files.push(file);
  return packVersion(workspace, record, files);
}

/** Lets people find a version by `<model>-v<number>`; never fails, as nothing depends on it. */
export async function publishPacked({ store: { shared }, log }: Packing, record: VersionRecord): Promise<void> {
  if (!shared?.remote.versions) return;
  const alias = `${record.model}-v${record.version}`;
  try {
    if (await shared.remote.versions.publish(packedName(record), alias, await shared.repository())) return;
    log.warn(`the tag ${alias} in ${shared.remote.title} is another repository's, or the version is not there`);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.warn(`the store has no tag ${alias}: ${error.message}`);
  }
}

/** Reads a version back and throws EnvironmentError unless all of it is what was registered. With `folder`, it is there then. */
export async function readPacked(
  { store }: Pick<Workspace, "store">,
  shelf: VersionShelf,
  record: VersionRecord,
  folder?: string,
): Promise<number> {
  await using staging = await store.staging();
  const names = await shelf.get(packedName(record), staging.path);
  const wrong = names === null ? "it is not there" : await wrongFile(record, staging.path, names);
  if (wrong !== null) throw unlikeRegistered(record, store.title, wrong);
  if (folder === undefined) return 0;
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await rename(staging.path, folder);
  return (await readFile(join(folder, modelFile))).length;
}

async function wrongFile(record: VersionRecord, folder: string, names: readonly string[]): Promise<string | null> {
  const { [referenceFile]: _reference, ...files } = record.files;
  const wanted: Record<string, string> = { ...files, [modelFile]: record.candidate.model.sha256 };
  const missing = [...Object.keys(wanted), recordFile].find((name) => !names.includes(name));
  if (missing !== undefined) return `it has no ${missing}`;
  for (const name of names) {
    const path = join(folder, name);
    if (name === recordFile && !(await isRecord(record, path))) return `${name} is of another version`;
    if (name !== recordFile && wanted[name] !== (await hashFile(path))) return `${name} has other content`;
  }
  return null;
}

async function isRecord({ model, version, digest }: VersionRecord, path: string): Promise<boolean> {
  try {
    return readRecord(await readFile(path), model, version).digest === digest;
  } catch {
    return false;
  }
}

function unlikeRegistered({ model, version }: VersionRecord, title: string, wrong: string): EnvironmentError {
  return new EnvironmentError(`${title} does not give ${model}@${version} back as it was registered: ${wrong}`, {
    tried: "to read the version's artifact and compare it with its record",
    safe: `it was not used, and nothing points to it anew; mergeml store push ${model}@${version} sends it`,
  });
}
