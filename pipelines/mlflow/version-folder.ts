import { sha256 } from "../config/canonical-json.ts";
import { DamageError } from "../registry/damage.ts";
import type { Git } from "../registry/git/git.ts";
import { readObjects } from "../registry/git/objects.ts";
import { recordFile, versionFolder } from "../registry/paths.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import { modelFile, referenceFile } from "../registry/stored-model.ts";
import type { VersionRecord } from "../registry/version-record.ts";

export interface VersionFile {
  name: string;
  bytes: Uint8Array;
}

/**
 * Every file of a version's folder, one in memory at a time; the model itself where the branch has a reference to it. Throws
 * DamageError for a file that is not what was registered.
 */
export async function* readVersionFiles(
  git: Git,
  snapshot: Snapshot,
  { model, version, files }: VersionRecord,
): AsyncGenerator<VersionFile> {
  const folder = versionFolder(model, version);
  const names = Object.keys(files).filter((name) => name !== modelFile && name !== referenceFile);
  let index = 0;
  for await (const object of readObjects(
    git,
    names.map((name) => `${snapshot.tip}:${folder}/${name}`),
  )) {
    const name = names[index++]!;
    if (!object) throw new DamageError(`${folder}/${name}`, "is missing");
    if (sha256(object.content) !== files[name])
      throw new DamageError(`${folder}/${name}`, "is not the file that was registered: its hash differs");
    yield { name, bytes: object.content };
  }
  // The record has no hash of itself; the snapshot checks its digest.
  for await (const object of readObjects(git, [`${snapshot.tip}:${folder}/${recordFile}`]))
    if (object) yield { name: recordFile, bytes: object.content };
  yield { name: modelFile, bytes: await snapshot.modelBytes(model, version) };
}
