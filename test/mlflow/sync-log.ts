import { syncRuns } from "../../pipelines/mlflow/sync-runs.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import type { RunRecord } from "../../pipelines/run-log/run-record.ts";

/** Copies a run log of these records, newest first, to a server. */
export function syncLog({ url }: { url: string }, records: readonly RunRecord[], limit?: number) {
  const runs = { read: async () => ({ runs: [...records], broken: [], waiting: 0 }) };
  const nothing = undefined as never; // it reads neither git nor the registry
  const options = { env: { MLFLOW_TRACKING_URI: url }, git: nothing, registry: nothing, runs };
  return syncRuns({ ...options, clock: systemClock, log: silentLog }, limit === undefined ? {} : { limit });
}
