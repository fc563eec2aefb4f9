import type { Git } from "./git/git.ts";
import { afterChange, type Deployment, isRollback, type PointerChange, readPointerChanges } from "./pointer-changes.ts";
import { findRecords, listVersions } from "./read-records.ts";
import type { Snapshot } from "./snapshot.ts";

export interface DefinitionMatch {
  version: number;
  /** It was in production once. */
  promotedBefore: boolean;
  /** It was taken out of production by a rollback, not replaced by a promotion. */
  rolledBack: boolean;
}

/** The newest version made from this definition, whatever its data; one that was in production before others. null when there is none. */
export async function findByDefinition(
  git: Git,
  model: string,
  definition: string,
  snapshot: Snapshot,
): Promise<DefinitionMatch | null> {
  if (snapshot.tip === null) return null;
  const versions = await listVersions(git, snapshot.tip, model);
  const found: number[] = [];
  for await (const { version, candidate } of findRecords(git, versions, definition)) {
    if (candidate.definition === definition) found.push(version);
  }
  const [newest] = found;
  if (newest === undefined) return null;
  const changes = await readPointerChanges(git, snapshot.tip, model);
  const deployed = new Set(changes.map(({ to }) => to?.version));
  const promoted = found.find((version) => deployed.has(version));
  const version = promoted ?? newest;
  return { version, promotedBefore: promoted !== undefined, rolledBack: leftByRollback(changes, version) };
}

/** Whether the last change that took the version out of production was a rollback. */
function leftByRollback(changes: readonly PointerChange[], version: number): boolean {
  let deployments: Deployment[] = [];
  let rolledBack = false;
  for (const change of changes) {
    if (change.from?.version === version && change.to?.version !== version)
      rolledBack = isRollback(change, deployments);
    deployments = afterChange(deployments, change);
  }
  return rolledBack;
}
