import type { Git } from "./git/git.ts";
import { parseTree } from "./git/objects.ts";
import { fetchFileOf } from "./partial-clone.ts";
import { isModelName, parseVersionNumber, recordFile, versionFolder, versionsFolder } from "./paths.ts";
import { readRecord } from "./sealed-record.ts";
import type { VersionRecord } from "./version-record.ts";

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
