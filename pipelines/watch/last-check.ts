import type { VersionRecord } from "../registry/version-record.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { ModelDrift } from "./drift/model-drift.ts";

/** What the last check on this machine found of the version in production, or in the environment that was looked at. */
export type LastCheck = Pick<ModelDrift, "outcome" | "persistent" | "window"> & {
  /** The last windows, newest first; what an earlier mergeml remembered lacks it. */
  history?: ModelDrift["history"];
};

type Place = Pick<Workspace, "cache" | "environment">;

/** Keeps it for `mergeml status`, which must not compute it. Another version has another digest, so that it begins unchecked. */
export function rememberCheck(
  { cache, environment }: Place,
  { digest }: VersionRecord,
  { outcome, persistent, window, history }: LastCheck,
): Promise<void> {
  return cache.write("last-drift", keyOf(digest, environment), {
    outcome,
    persistent,
    window,
    ...(history && { history }),
  });
}

/** null when this version was never checked here. */
export function lastCheck({ cache, environment }: Place, { digest }: VersionRecord): Promise<LastCheck | null> {
  return cache.read<LastCheck>("last-drift", keyOf(digest, environment));
}

/** What one version does in two environments is two findings. */
function keyOf(digest: string, environment: string): { digest: string; environment?: string } {
  return environment === "production" ? { digest } : { digest, environment };
}
