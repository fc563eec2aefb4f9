import { parseFacts, parseSubject } from "./commit-message.ts";
import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { readAllObjects } from "./git/objects.ts";
import { productionFile } from "./paths.ts";
import { type PointerChange, readPointerChanges } from "./pointer-changes.ts";

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
