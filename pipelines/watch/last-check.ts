import type { VersionRecord } from "../registry/version-record.ts";
import type { StepCache } from "../workspace/step-cache.ts";
import type { ModelDrift } from "./drift/model-drift.ts";

/** What the last check on this machine found of the version in production. */
export type LastCheck = Pick<ModelDrift, "outcome" | "persistent" | "window"> & {
  /** The last windows, newest first; what an earlier mergeml remembered lacks it. */
  history?: ModelDrift["history"];
};

/** Keeps it for `mergeml status`, which must not compute it. Another version has another digest, so that it begins unchecked. */
export function rememberCheck(
  cache: StepCache,
  { digest }: VersionRecord,
  { outcome, persistent, window, history }: LastCheck,
): Promise<void> {
  return cache.write("last-drift", { digest }, { outcome, persistent, window, ...(history && { history }) });
}

/** null when this version was never checked here. */
export function lastCheck(cache: StepCache, { digest }: VersionRecord): Promise<LastCheck | null> {
  return cache.read<LastCheck>("last-drift", { digest });
}
