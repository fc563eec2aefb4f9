import { sha256 } from "../config/canonical-json.ts";
import { fetchBelow, fetchFileOf, type Git } from "./git/git.ts";
import { parseTree, readAllObjects, readObjects } from "./git/objects.ts";
import type { Snapshot } from "./snapshot.ts";
import { modelFile, referenceFile } from "./stored-model.ts";
import type { SignedStatement } from "./trust/check-bundle.ts";
import type { RegistryTrust } from "./trust/trust-policy.ts";
import { verdictBundleFile } from "./trust/verdict-statement.ts";
import type { Vouched } from "./trust/version-checks.ts";
import {
  DamageError,
  isModelName,
  parseVersionNumber,
  readRecord,
  recordFile,
  type VersionRecord,
  versionFolder,
  versionsFolder,
} from "./version-record.ts";

/** Records read and checked before, by `<model>@<version>`; a snapshot never changes, so they hold as long as it does. */
export type Records = Map<string, VersionRecord>;

export interface VersionName {
  model: string;
  version: number;
  /** The folder's tree, when known: git finds a file from there without reading a folder of thousands of versions. */
  tree?: string;
}

/** The model's versions, ascending, with their trees. */
export async function listVersions(git: Git, tip: string | null, model: string): Promise<Required<VersionName>[]> {
  return (await listAllVersions(git, tip, [model])).get(model) ?? [];
}

/** The versions of each of these models, in one batch of reads. */
export async function listAllVersions(
  git: Git,
  tip: string | null,
  models: readonly string[],
): Promise<Map<string, Required<VersionName>[]>> {
  const listed = new Map<string, Required<VersionName>[]>();
  const named = tip === null ? [] : models.filter(isModelName);
  const folders = named.map((model) => `${tip}:${versionsFolder(model)}`);
  await git.objects.visit(folders, (folder, index) => {
    const model = named[index]!;
    const versions = (folder?.type === "tree" ? parseTree(folder) : [])
      .map(({ name, oid }) => ({ model, version: parseVersionNumber(name) ?? 0, tree: oid }))
      .filter(({ version }) => version > 0)
      .sort((a, b) => a.version - b.version);
    listed.set(model, versions);
  });
  return listed;
}

/** Reads and checks version.json of these versions, in one batch. Throws DamageError for a changed one, and `missing` for one there is not. */
export async function readRecords(
  git: Git,
  tip: string | null,
  wanted: readonly VersionName[],
  known: Records,
  missing: (version: VersionName) => Error,
): Promise<VersionRecord[]> {
  const name = ({ model, version }: VersionName) => `${model}@${version}`;
  const unread = wanted.filter((each) => !known.has(name(each)));
  const [first] = unread;
  if (tip === null && first) throw missing(first);
  await fetchFileOf(
    git,
    unread.map((each) => folderName(tip, each)),
    recordFile,
  );
  const paths = unread.map((each) => recordName(tip, each));
  await git.objects.visit(paths, (object, index) => {
    const each = unread[index]!;
    if (!object) throw missing(each);
    known.set(name(each), readRecord(object.content, each.model, each.version));
  });
  return wanted.map((each) => known.get(name(each))!);
}

/**
 * Hands `see` those of the versions whose version.json contains `text`, newest first, their records checked, until it returns true.
 * The text is looked for in the raw bytes, so that a model with thousands of versions is searched without parsing them all.
 */
export async function findRecords(
  git: Git,
  versions: readonly Required<VersionName>[],
  text: string,
  see: (record: VersionRecord) => unknown,
): Promise<void> {
  const newestFirst = versions.toReversed();
  await fetchFileOf(
    git,
    newestFirst.map(({ tree }) => tree),
    recordFile,
  );
  const names = newestFirst.map((each) => recordName(null, each));
  await git.objects.visit(names, (object, index) => {
    const { model, version } = newestFirst[index]!;
    return object?.content.includes(text) && see(readRecord(object.content, model, version));
  });
}

function recordName(tip: string | null, version: VersionName): string {
  return version.tree ? `${version.tree}:${recordFile}` : `${folderName(tip, version)}/${recordFile}`;
}

function folderName(tip: string | null, { model, version, tree }: VersionName): string {
  return tree ?? `${tip}:${versionFolder(model, version)}`;
}

export interface VersionFile {
  name: string;
  bytes: Uint8Array;
}

/**
 * Every file of a version's folder; the model itself, last, where the branch has a reference to it. Throws DamageError for a file
 * that is not what was registered.
 */
export async function* readVersionFiles(
  git: Git,
  snapshot: Snapshot,
  { model, version, files }: VersionRecord,
): AsyncGenerator<VersionFile> {
  await snapshot.trusted(model, version);
  const folder = versionFolder(model, version);
  const names = Object.keys(files).filter((name) => name !== modelFile && name !== referenceFile);
  const paths = [...names, recordFile].map((name) => `${folder}/${name}`);
  await fetchBelow(git, `${snapshot.tip}:${folder}`);
  // All at once: a git that waits for a slow server would be ended for idling.
  const objects = await readAllObjects(
    git,
    paths.map((path) => `${snapshot.tip}:${path}`),
  );
  for (const [index, object] of objects.entries()) {
    const name = names[index] ?? recordFile;
    if (!object) throw new DamageError(`${folder}/${name}`, "is missing");
    // The record has no hash of itself; the snapshot has checked its digest.
    if (name !== recordFile && sha256(object.content) !== files[name])
      throw new DamageError(`${folder}/${name}`, "is not the file that was registered: its hash differs");
    yield { name, bytes: object.content };
  }
  yield { name: modelFile, bytes: await snapshot.modelBytes(model, version) };
}

/** Who vouches for a version of a registry at `tip`. */
interface VouchedSource {
  git: Git;
  trust?: RegistryTrust | undefined;
}

/**
 * Who signed a version's verdict; null where the default branch's mergeml.yaml asks for nobody. All readers come by here. Throws
 * UntrustedError for a version that none of the wanted signers signed.
 */
export async function whoSigned(
  { git, trust }: VouchedSource,
  tip: string | null,
  record: VersionRecord,
): Promise<SignedStatement | null> {
  const policy = (await trust?.policy()) ?? null;
  if (!policy?.required) return null;
  const folder = versionFolder(record.model, record.version);
  const [written, bundle] = await readAllObjects(
    git,
    [recordFile, verdictBundleFile].map((name) => `${tip}:${folder}/${name}`),
  );
  const recordHash = sha256(written?.content ?? "");
  const { requireTrusted } = await import("./trust/trusted-version.ts");
  return requireTrusted(policy, { record, recordHash, bundle: bundle?.content ?? null });
}

/**
 * Who vouches for each of these versions, in their order and read at once: an error for one that none of the wanted signers signed,
 * whether or not they must have; null where no mergeml.yaml wants any.
 */
export async function vouchersOf(
  { git, trust }: VouchedSource,
  tip: string | null,
  records: readonly VersionRecord[],
): Promise<Vouched[]> {
  const { openVersionChecks } = await import("./trust/version-checks.ts");
  await using checks = await openVersionChecks(trust, records.length);
  const folders = records.map(({ model, version }) => `${tip}:${versionFolder(model, version)}`);
  await fetchFileOf(git, folders, verdictBundleFile);
  const files = records.flatMap(({ model, version }) =>
    [recordFile, verdictBundleFile].map((name) => `${tip}:${versionFolder(model, version)}/${name}`),
  );
  const contents = readObjects(git, files);
  const read = async () => (await contents.next()).value?.content ?? null;
  const found: Promise<Vouched>[] = [];
  try {
    for (const record of records) {
      const recordHash = sha256((await read()) ?? "");
      await checks.room();
      found.push(checks.check({ record, recordHash, bundle: await read() }));
    }
  } finally {
    await contents.return(undefined);
  }
  return await Promise.all(found); // before the threads end
}
