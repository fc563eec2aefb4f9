import type { Problem } from "../errors/expected-error.ts";
import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { isAncestor, readAllObjects } from "./git/objects.ts";
import { readIndexRows, renderIndex } from "./index-page.ts";
import { listVersions, type VersionName } from "./read-records.ts";
import { openSnapshot, type SnapshotSource } from "./snapshot.ts";
import { verifyHistory } from "./verify-history.ts";
import { verifyVersions } from "./verify-versions.ts";
import { indexFile, parsePath } from "./version-record.ts";

/** What checking the whole branch found. It is sound when there are no problems. */
export interface Verification {
  problems: Problem[];
  /** Worth knowing, not wrong: such as an index that the next write will make anew. */
  notes: string[];
  models: number;
  versions: number;
  /** Times a version was put into production, rollbacks to an earlier one included. */
  promotions: number;
  /** The commit that only what came after was checked of, and counted; null when it was everything. */
  since: string | null;
}

/**
 * Checks the branch at `tip`: every file against its hash, every record against its digest, every verdict by giving it again,
 * and every commit: adding versions in order, never changing one, promoting only what passed. With `since`, a commit that was
 * found sound, only what came after it; everything all the same when `tip` does not descend from it, or through merges.
 */
export async function verify(source: SnapshotSource, tip: string, since: string | null = null): Promise<Verification> {
  const snapshot = await openSnapshot(source, tip);
  const part = since === null ? null : await newPart(source.git, tip, since);
  const versions = await verifyVersions(source, tip, part);
  const history = await verifyHistory(source.git, tip, versions, part);
  const models = part === null ? await snapshot.models() : part.models;
  const problems = [
    ...versions.problems,
    ...history.problems,
    ...(await pointerProblems(models, snapshot.production)),
    ...(await pointerProblems(models, snapshot.challenger)),
    ...(await pointerProblems(models, async (model) => {
      for (const environment of await snapshot.environments(model)) await snapshot.pointer(model, environment);
    })),
  ];
  const notes = await indexNotes(source.git, tip);
  return {
    problems: distinct(problems),
    notes,
    models: models.length,
    versions: versions.count,
    promotions: history.promotions,
    since: part?.since ?? null,
  };
}

async function pointerProblems(
  models: readonly string[],
  pointer: (model: string) => Promise<unknown>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const model of models) {
    try {
      await pointer(model);
    } catch (error) {
      problems.push({ message: (error as Error).message });
    }
  }
  return problems;
}

async function indexNotes(git: Git, tip: string): Promise<string[]> {
  const [index] = await readAllObjects(git, [`${tip}:${indexFile}`]);
  if (index?.content.toString("utf8") === renderIndex(await readIndexRows(git, tip))) return [];
  return [
    `${indexFile} is not up to date, as after a revert by plain git; the next registration or promotion makes it anew`,
  ];
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

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
async function newPart(git: Git, tip: string, since: string): Promise<BranchPart | null> {
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
