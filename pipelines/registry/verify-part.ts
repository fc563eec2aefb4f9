import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { isAncestor, readAllObjects } from "./git/objects.ts";
import { parsePath } from "./paths.ts";
import { listVersions, type VersionName } from "./read-records.ts";

/** What came to a branch after a commit that was found sound. */
export interface BranchPart {
  since: string;
  /** Models of which anything was touched, sorted. */
  models: string[];
  /** Versions that were touched, and those that a pointer was moved to. */
  versions: VersionName[];
  /** The highest version of each of the models at `since`. */
  highest: Map<string, number>;
}

/** More than this is read faster as a whole. */
const mostCommits = 5_000;

/** The commits after `since`; null when `tip` does not descend from it, for a merge, which may bring anything, and for too many. */
export async function newPart(git: Git, tip: string, since: string): Promise<BranchPart | null> {
  const commits = await commitsAfter(git, tip, since);
  if (commits === null) return null;
  const paths = commits.flatMap(({ changes }) =>
    changes.map((change) => ({ ...change, parsed: parsePath(change.path) })),
  );
  const models = new Set<string>();
  const versions = new Map<string, VersionName>();
  const touch = (model: string, version: number) => versions.set(`${model}@${version}`, { model, version });
  const pointers: { model: string; blob: string }[] = [];
  for (const { parsed, after } of paths) {
    if (!("model" in parsed)) continue;
    models.add(parsed.model);
    if (parsed.kind === "version-file") touch(parsed.model, parsed.version);
    else if (parsed.kind !== "pointer-bundle" && after !== null) pointers.push({ model: parsed.model, blob: after });
  }
  const contents = await readAllObjects(
    git,
    pointers.map(({ blob }) => blob),
  );
  pointers.forEach(({ model }, index) => {
    const version = versionIn(contents[index]?.content);
    if (version !== null) touch(model, version);
  });
  const highest = new Map<string, number>();
  for (const model of models) highest.set(model, (await listVersions(git, since, model)).at(-1)?.version ?? 0);
  return { since, models: [...models].sort(), versions: [...versions.values()], highest };
}

async function commitsAfter(git: Git, tip: string, since: string): Promise<LoggedCommit[] | null> {
  if (!(await isAncestor(git, since, tip))) return null;
  const commits: LoggedCommit[] = [];
  for await (const commit of readCommits(git, { tip, after: since })) {
    if (commit.parents.length > 1 || commits.length === mostCommits) return null;
    commits.push(commit);
  }
  return commits;
}

/** The version that a pointer names; null for one that is told as damaged where it is checked. */
function versionIn(content: Uint8Array | undefined): number | null {
  try {
    const { version } = JSON.parse(Buffer.from(content ?? []).toString("utf8")) as { version?: unknown };
    return Number.isSafeInteger(version) && Number(version) > 0 ? Number(version) : null;
  } catch {
    return null;
  }
}
