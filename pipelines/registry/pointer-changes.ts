import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { readAllObjects } from "./git/objects.ts";
import { productionFile } from "./paths.ts";
import type { ProductionPointer } from "./version-record.ts";

/** One state of production.json, by the blob that holds it: equal blobs are the same promotion. */
export interface PointerState {
  blob: string;
  /** null for a file that is no pointer: a damaged one still has a history to roll back along. */
  version: number | null;
}

export interface PointerChange {
  commit: string;
  author: string;
  time: string;
  subject: string;
  message: string;
  from: PointerState | null;
  to: PointerState | null;
}

/**
 * Every change of the model's production.json, or of another pointer at `path`, oldest first, by what it did and not by what its message says. Where histories ran
 * side by side they are told one after the other, by time, and the merge is the change when it left something else than the last.
 */
export async function readPointerChanges(
  git: Git,
  tip: string,
  model: string,
  path: string = productionFile(model),
): Promise<PointerChange[]> {
  const commits: LoggedCommit[] = [];
  for await (const each of readCommits(git, { tip, paths: [path], oldestFirst: true })) commits.push(each);
  return pointerChangesOf(git, commits, model, path);
}

/** The changes of production.json among these commits, oldest first. */
export async function pointerChangesOf(
  git: Git,
  commits: readonly LoggedCommit[],
  model: string,
  path: string = productionFile(model),
): Promise<PointerChange[]> {
  const moves = movesAmong(commits, path, await pointersOfMerges(git, commits, path));
  const blobs = [...new Set(moves.flatMap(({ before, after }) => [before, after]))].filter((id) => id !== null);
  const contents = await readAllObjects(git, blobs);
  const states = new Map(blobs.map((blob, index) => [blob, { blob, version: versionIn(contents[index]?.content) }]));
  const state = (blob: string | null) => (blob === null ? null : (states.get(blob) ?? null));
  return moves.map(({ each: { commit, author, time, subject, message }, before, after }) => {
    return { commit, author, time, subject, message, from: state(before), to: state(after) };
  });
}

interface Move {
  each: LoggedCommit;
  before: string | null;
  after: string | null;
}

/** Where production.json is not what it was after the commit before. */
function movesAmong(
  commits: readonly LoggedCommit[],
  path: string,
  merged: ReadonlyMap<string, string | null>,
): Move[] {
  const moves: Move[] = [];
  for (const each of commits) {
    const before = moves.at(-1)?.after ?? null;
    const own = each.changes.find((change) => change.path === path);
    const after = own ? own.after : merged.has(each.commit) ? merged.get(each.commit)! : before;
    if (after !== before) moves.push({ each, before, after });
  }
  return moves;
}

/** production.json as each merge left it. */
async function pointersOfMerges(
  git: Git,
  commits: readonly LoggedCommit[],
  path: string,
): Promise<Map<string, string | null>> {
  const merges = commits.filter(({ changes }) => changes.length === 0).map(({ commit }) => commit);
  const found = await readAllObjects(
    git,
    merges.map((commit) => `${commit}:${path}`),
  );
  return new Map(merges.map((commit, index) => [commit, found[index]?.oid ?? null]));
}

function versionIn(content: Uint8Array | undefined): number | null {
  try {
    const pointer = JSON.parse(Buffer.from(content ?? []).toString("utf8")) as Partial<ProductionPointer> | null;
    return Number.isSafeInteger(pointer?.version) ? Number(pointer?.version) : null;
  } catch {
    return null;
  }
}
