import { sha256 } from "../config/canonical-json.ts";
import { DamageError } from "./damage.ts";
import type { Git } from "./git/git.ts";
import { readAllObjects } from "./git/objects.ts";
import { fetchBelow } from "./partial-clone.ts";
import { recordFile, versionFolder } from "./paths.ts";
import type { Snapshot } from "./snapshot.ts";
import { modelFile, referenceFile } from "./stored-model.ts";
import type { VersionRecord } from "./version-record.ts";

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
