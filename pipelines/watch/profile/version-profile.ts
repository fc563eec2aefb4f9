import type { DatasetStore } from "../../data/dataset-store.ts";
import { EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { Log } from "../../ports/host.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import { buildProfile, type Profiled } from "./build-profile.ts";
import type { Profile } from "./profile.ts";
import { parseProfile, profileFile, writeProfile } from "./profile-file.ts";

/** profile.json for a version's folder. A machine that cannot build it registers the version without, and says so. */
export async function versionProfile(
  { store, log }: { store: DatasetStore; log: Log },
  candidate: Profiled,
): Promise<Record<string, string>> {
  try {
    return { [profileFile]: writeProfile(await buildProfile(store, candidate)) };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.warn(
      `${candidate.config.name} is registered without ${profileFile}, which drift compares with: ${error.message}. ` +
        "mergeml drift makes one where the dataset store has the train split.",
    );
    return {};
  }
}

/**
 * A registered version's profile, as it was registered, or built from the stored splits for a version without. Throws
 * UserError, with how to get one, when there are neither.
 */
export async function readProfile(
  { store }: { store: DatasetStore },
  snapshot: Snapshot,
  model: string,
  version: number,
): Promise<Profile> {
  const bytes = await snapshot.versionFile(model, version, profileFile);
  if (bytes) return parseProfile(Buffer.from(bytes).toString("utf8"));
  const { candidate } = await snapshot.record(model, version);
  if (await store.has(candidate.train.fingerprint)) return buildProfile(store, candidate);
  throw new UserError({
    message: `${model}@${version} was registered without ${profileFile}, and its train split is not in the dataset store`,
    hint: `store it anew where the data still is: mergeml reproduce ${model}@${version}; or retrain the model, which registers a version with one`,
  });
}
