import { UserError } from "../errors/user-error.ts";
import type { Git } from "./git/git.ts";
import { readObjects } from "./git/objects.ts";
import { recordFile, versionFolder } from "./paths.ts";
import { readRecord } from "./sealed-record.ts";
import type { VersionRecord } from "./version-record.ts";

/** Records read and checked before, by `<model>@<version>`; a snapshot never changes, so they hold as long as it does. */
export type Records = Map<string, VersionRecord>;

export interface VersionName {
  model: string;
  version: number;
}

/** Reads and checks version.json of these versions, in one batch. Throws UserError for one there is not, DamageError for a changed one. */
export async function readRecords(
  git: Git,
  tip: string | null,
  wanted: readonly VersionName[],
  known: Records,
): Promise<VersionRecord[]> {
  const name = ({ model, version }: VersionName) => `${model}@${version}`;
  const unread = wanted.filter((each) => !known.has(name(each)));
  const [missing] = tip === null ? unread : [];
  if (missing) throw noVersion(name(missing));
  let index = 0;
  for await (const object of readObjects(
    git,
    unread.map((each) => recordPath(tip, each)),
  )) {
    const each = unread[index++]!;
    if (!object) throw noVersion(name(each));
    known.set(name(each), readRecord(object.content, each.model, each.version));
  }
  return wanted.map((each) => known.get(name(each))!);
}

const chunk = 500;

/**
 * Versions whose version.json contains `text`, newest first, their records checked. The text is looked for in the raw
 * bytes, so that a model with thousands of versions is searched without parsing them all.
 */
export async function* findRecords(
  git: Git,
  tip: string,
  model: string,
  versions: readonly number[],
  text: string,
): AsyncGenerator<VersionRecord> {
  const newestFirst = versions.toReversed();
  for (let from = 0; from < newestFirst.length; from += chunk) {
    const some = newestFirst.slice(from, from + chunk);
    let index = 0;
    for await (const object of readObjects(
      git,
      some.map((version) => recordPath(tip, { model, version })),
    )) {
      const version = some[index++]!;
      if (object?.content.includes(text)) yield readRecord(object.content, model, version);
    }
  }
}

function recordPath(tip: string | null, { model, version }: VersionName): string {
  return `${tip}:${versionFolder(model, version)}/${recordFile}`;
}

function noVersion(name: string): UserError {
  const model = name.slice(0, name.indexOf("@"));
  return new UserError({
    message: `there is no ${name} in the registry`,
    hint: `see its versions: mergeml history ${model}`,
  });
}
