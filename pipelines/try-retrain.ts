import { buildCandidate } from "./build-candidate.ts";
import type { Window } from "./config/model-config.ts";
import { EnvironmentError, UserError } from "./errors/expected-error.ts";
import type { MetricComparison } from "./evaluation/evaluation.ts";
import { silentLog } from "./ports/host.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import type { RetrainTrial } from "./watch/drift/model-drift.ts";
import type { WatchedModel } from "./watch/window-inputs.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** A drift check is no training run: beyond what production's own training took and had, nobody waits for a trial. */
const [mostSeconds, mostRows] = [10, 200_000];

/**
 * What a retrain on a later window would gain, by making it: the model on the window's train split against production on its
 * test split, as the retrain's pull request will show. What it makes is kept, so that `mergeml train` finds it. null where a
 * trial is not cheap, or cannot be made; what is wrong then is told by the retrain itself.
 */
export async function tryRetrain(
  workspace: Workspace,
  snapshot: Snapshot,
  { record, model }: Pick<WatchedModel, "record" | "model">,
  window: Window,
): Promise<RetrainTrial | null> {
  if (model === null || !isCheap(record)) return null;
  const { config } = model;
  const moved = { ...model, config: { ...config, features: { ...config.features, window } } };
  const built = await buildCandidate({ ...workspace, log: silentLog }, moved, snapshot).catch(unlessTold);
  if (built?.state !== "judged") return null;
  const { metrics, rows } = built.candidate.evaluation;
  return rows < (config.thresholds.min_test_rows ?? 1) ? null : trialOf(metrics[0], rows);
}

function isCheap({ candidate }: VersionRecord): boolean {
  const { config, train, train_seconds } = candidate;
  return config.type !== "command" && !config.search && train.rows <= mostRows && train_seconds <= mostSeconds;
}

function trialOf(primary: MetricComparison | undefined, rows: number): RetrainTrial | null {
  if (!primary?.difference || primary.candidate === null || primary.production === null) return null;
  const { metric, direction, candidate, production, difference } = primary;
  const better = direction === "max" ? difference.value > 0 : difference.value < 0;
  return { metric, rows, candidate, production, low: difference.low, high: difference.high, better };
}

function unlessTold(error: unknown): null {
  if (error instanceof UserError || error instanceof EnvironmentError) return null;
  throw error;
}
