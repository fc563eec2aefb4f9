import { listAllVersions } from "./registry/read-records.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { recordFile } from "./registry/version-record.ts";
import { readVersion } from "./report/dashboard/listed-version.ts";
import type { ScoredVersion } from "./report/html/report-page.ts";
import type { Workspace } from "./workspace/workspace.ts";

const mostVersions = 200;
/** As many as the windows of a drift check and some: a line of a terminal has to hold them. */
const newestVersions = 12;

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

export interface VersionScore {
  version: number;
  metric: string;
  value: number | null;
}

/**
 * The primary metric of the twelve newest versions of each model, oldest first, as their records say without checking them,
 * which `mergeml verify` does. It is kept for the next reading; one that cannot be read is left out. A partial clone, as jobs
 * have, tells what is kept alone: nothing is fetched for a line of bars.
 */
export async function newestScores(
  { registry, git, cache }: Workspace,
  models: readonly string[],
): Promise<Map<string, VersionScore[]>> {
  const { tip } = await registry.snapshot({ fetch: false });
  const found = new Map<string, VersionScore[]>();
  const unread: { model: string; trees: string[] }[] = [];
  for (const [model, versions] of await listAllVersions(git, tip, models)) {
    const trees = versions.slice(-newestVersions).map(({ tree }) => tree);
    const kept = trees.length > 0 ? await cache.read<VersionScore[]>("scores", trees) : [];
    if (kept) found.set(model, kept);
    else unread.push({ model, trees });
  }
  for (const { model } of unread) found.set(model, []);
  if ((await git.promisor()) !== null) return found;
  const names = unread.flatMap(({ model, trees }) => trees.map((tree) => ({ model, tree })));
  await git.objects.visit(
    names.map(({ tree }) => `${tree}:${recordFile}`),
    (object, at) => {
      const read = object && readVersion(object.content);
      if (!read) return;
      const { version, metric, value } = read.listed;
      found.get(names[at]!.model)!.push({ version, metric, value });
    },
  );
  await Promise.all(unread.map(({ model, trees }) => cache.write("scores", trees, found.get(model))));
  return found;
}
