import type { Snapshot } from "./registry/snapshot.ts";
import type { ScoredVersion } from "./report/html/history-figure.ts";

const mostVersions = 200;

/** The primary metric of a model's newest versions, oldest first; none of a model that is not registered. */
export async function scoredVersions(snapshot: Snapshot, model: string): Promise<ScoredVersion[]> {
  const versions = (await snapshot.versions(model)).slice(-mostVersions);
  const [records, production] = await Promise.all([snapshot.records(model, versions), snapshot.production(model)]);
  return records.map(({ version, evaluation, registered }) => ({
    version,
    metric: evaluation.primary,
    value: evaluation.metrics[0]?.candidate ?? null,
    registered,
    in_production: production?.version === version,
  }));
}
