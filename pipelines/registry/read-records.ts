import type { Git } from "./git/git.ts";
import { parseTree, readAllObjects } from "./git/objects.ts";
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
  if (tip === null || !isModelName(model)) return [];
  const [folder] = await readAllObjects(git, [`${tip}:${versionsFolder(model)}`]);
  const entries = folder?.type === "tree" ? parseTree(folder) : [];
  return entries
    .map(({ name, oid }) => ({ model, version: parseVersionNumber(name) ?? 0, tree: oid }))
    .filter(({ version }) => version > 0)
    .sort((a, b) => a.version - b.version);
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
  const names = newestFirst.map((each) => recordName(null, each));
  await git.objects.visit(names, (object, index) => {
    const { model, version } = newestFirst[index]!;
    return object?.content.includes(text) && see(readRecord(object.content, model, version));
  });
}

function recordName(tip: string | null, { model, version, tree }: VersionName): string {
  return tree ? `${tree}:${recordFile}` : `${tip}:${versionFolder(model, version)}/${recordFile}`;
}
