import { parseFacts, parseSubject } from "./commit-message.ts";
import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { readAllObjects } from "./git/objects.ts";
import { type ProductionPointer, productionFile } from "./version-record.ts";

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

/** The last time a model's production changed, by whatever commit did it. */
export interface LastChange {
  commit: string;
  /** The commit's author. */
  by: string;
  /** ISO, UTC. */
  time: string;
  subject: string;
  pullRequest: number | null;
  /** Why mergeml rolled back by itself; null when a person changed it. What an earlier mergeml remembered lacks it. */
  automatic?: string | null;
}

/** What was found at an earlier tip, so that only the commits since are read. */
export interface RememberedChanges {
  tip: string;
  changes: Readonly<Record<string, LastChange>>;
}

/** Where that is kept between runs. */
export interface ChangeMemory {
  read(): Promise<RememberedChanges | null>;
  write(changes: RememberedChanges): Promise<void>;
}

/**
 * When each model's pointer last really changed (a revert counts) and by whom. Reading what every commit changed would take
 * seconds on a branch of ten thousand versions, so subjects tell where to look and the pointer before and after decides:
 * commits with a subject of ours are looked at for the model they name, all others for every model. Below a merge every change
 * of the pointer is read.
 */
export async function readLastChanges(
  git: Git,
  tip: string,
  models: readonly string[],
  memory?: ChangeMemory,
): Promise<Map<string, LastChange>> {
  const earlier = await rememberedAt(git, tip, memory);
  const { found, merged } =
    earlier?.tip === tip ? { found: new Map(), merged: false } : await search(git, tip, models, earlier?.tip);
  const remembered = merged ? {} : (earlier?.changes ?? {});
  for (const [model, change] of Object.entries(remembered)) if (!found.has(model)) found.set(model, change);
  const unknown = models.filter((each) => !found.has(each));
  if (earlier && !merged && unknown.length > 0)
    for (const [model, change] of (await search(git, tip, unknown)).found) found.set(model, change);
  for (const model of unknown.filter((each) => !found.has(each))) {
    const exact = await lastByChange(git, tip, model);
    if (exact) found.set(model, lastChange(exact));
  }
  if (earlier?.tip !== tip || unknown.length > 0) await memory?.write({ tip, changes: Object.fromEntries(found) });
  return new Map(models.flatMap((model) => (found.has(model) ? [[model, found.get(model)!]] : [])));
}

/** What is remembered, if that tip is still part of the branch's history. */
async function rememberedAt(
  git: Git,
  tip: string,
  memory: ChangeMemory | undefined,
): Promise<RememberedChanges | null> {
  const earlier = (await memory?.read()) ?? null;
  if (!earlier || earlier.tip === tip) return earlier;
  const base = await git.text(["merge-base", earlier.tip, tip]).catch(() => null); // an unknown commit: forgotten history
  return base === earlier.tip ? earlier : null;
}

async function search(
  git: Git,
  tip: string,
  models: readonly string[],
  after?: string,
): Promise<{ found: Map<string, LastChange>; merged: boolean }> {
  const wanted = new Set(models);
  let merged = false;
  const candidates: Candidate[] = [];
  if (wanted.size > 0) {
    for await (const commit of readCommits(git, { tip, after, withChanges: false })) {
      // What a merge left is told by the whole history of the pointer, below.
      merged = commit.parents.length > 1;
      if (merged) break;
      const named = parseSubject(commit.subject);
      if (named?.kind === "register") continue;
      const about = named ? [named.model].filter((model) => wanted.delete(model)) : [...wanted];
      candidates.push(...about.map((model) => ({ model, commit })));
      if (wanted.size === 0) break;
    }
  }
  const found = new Map<string, LastChange>();
  for (const { model, commit } of await confirmed(git, candidates))
    if (!found.has(model)) found.set(model, lastChange(commit));
  return { found, merged };
}

interface Candidate {
  model: string;
  commit: LoggedCommit;
}

/** Those whose pointer differs from the one before. */
async function confirmed(git: Git, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const path = ({ model }: Candidate) => productionFile(model);
  const after = await readAllObjects(
    git,
    candidates.map((each) => `${each.commit.commit}:${path(each)}`),
  );
  const before = await readAllObjects(
    git,
    candidates.map((each) => `${each.commit.commit}^:${path(each)}`),
  );
  return candidates.filter((_, index) => after[index]?.oid !== before[index]?.oid);
}

/** Slower and without any trust in subjects. */
async function lastByChange(git: Git, tip: string, model: string): Promise<PointerChange | null> {
  return (await readPointerChanges(git, tip, model)).at(-1) ?? null;
}

function lastChange({ commit, author, time, subject, message }: Omit<PointerChange, "from" | "to">): LastChange {
  const { pullRequest = null, automatic = null } = parseFacts(message) ?? {};
  return { commit, by: author, time, subject, pullRequest, automatic };
}
