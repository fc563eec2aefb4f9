import type { Git } from "./git/git.ts";
import { readPointerChanges } from "./pointer-changes.ts";
import { findRecords, listVersions } from "./read-records.ts";
import type { Snapshot } from "./snapshot.ts";
import { foldDeployments } from "./standing.ts";

export interface DefinitionMatch {
  version: number;
  /** It was in production once. */
  promotedBefore: boolean;
  /** A rollback took it out of production, and nothing has put it back since. */
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
  await findRecords(git, versions, definition, ({ version, candidate }) => {
    if (candidate.definition === definition) found.push(version);
  });
  const [newest] = found;
  if (newest === undefined) return null;
  const { deployed, rolledBack } = foldDeployments(await readPointerChanges(git, snapshot.tip, model));
  const promoted = found.find((each) => deployed.has(each));
  const version = promoted ?? newest;
  return { version, promotedBefore: promoted !== undefined, rolledBack: rolledBack.has(version) };
}
