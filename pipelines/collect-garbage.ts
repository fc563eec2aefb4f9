import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { listCandidates } from "./candidate/candidate-directory.ts";
import type { RemoteStore, StoredItem } from "./data/stores/remote-store.ts";
import { packedName } from "./pack-version.ts";
import type { CandidateRecord } from "./registry/version-record.ts";
import { environmentsFolder, oldEnvironments } from "./training/command/packages/kept-environments.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface Garbage {
  dry_run: boolean;
  /** Datasets nothing refers to, and how many bytes they take. */
  datasets: { fingerprint: string; bytes: number }[];
  bytes: number;
  /** Candidate directories and cached steps older than the grace period. */
  candidates: string[];
  cache_files: number;
  /** Environments of programs that nothing used for as long, and what was made of one by half. */
  environments: string[];
  kept: number;
  /** Items of the store that other machines read, which nothing refers to; their number and bytes are those above without. */
  shared: { name: string; bytes: number }[];
  /** What interrupted uploads had left there. */
  leftovers: number;
}

const dayMs = 86_400_000;

/**
 * Deletes datasets that no registered version and no open candidate refers to, once older than the grace period.
 * A candidate stays open for that period. An unreadable registry or record stops it before anything is deleted.
 */
export async function collectGarbage(
  workspace: Workspace,
  { dryRun, graceDays }: { dryRun: boolean; graceDays: number },
): Promise<Garbage> {
  const { root, store, clock } = workspace;
  const oldest = clock.now().getTime() - graceDays * dayMs;
  const candidates = await listCandidates(root);
  const closed = candidates.filter((each) => each.modified.getTime() < oldest);
  const open = candidates.filter((each) => !closed.includes(each));
  const used = await usedFingerprints(
    workspace,
    open.map((each) => each.directory),
  );
  const stored = await store.list();
  const garbage = stored.filter((each) => !used.has(each.fingerprint) && each.modified.getTime() < oldest);
  const remote = await sharedGarbage(workspace, used, graceDays);
  const folders = [join(root, ".mergeml", "cache"), ...(store.stepFolder ? [store.stepFolder] : [])];
  const cached = (await Promise.all(folders.map((folder) => oldFiles(folder, oldest)))).flat();
  const environments = await oldEnvironments(environmentsFolder(workspace.env), oldest);
  if (!dryRun) {
    for (const { fingerprint } of garbage) await store.delete(fingerprint);
    for (const item of remote) await store.shared?.remote.delete(item);
    for (const path of [...closed.map((each) => each.directory), ...cached, ...environments])
      await rm(path, { recursive: true, force: true });
  }
  return {
    dry_run: dryRun,
    datasets: garbage.map(({ fingerprint, bytes }) => ({ fingerprint, bytes })),
    bytes: garbage.reduce((sum, each) => sum + each.bytes, 0),
    candidates: closed.map((each) => each.directory),
    cache_files: cached.length,
    environments,
    kept: stored.length - garbage.length,
    shared: remote.map(({ name, bytes }) => ({ name, bytes })),
    leftovers: dryRun ? 0 : await sweepLeftovers(workspace, graceDays),
  };
}

async function usedFingerprints({ registry }: Workspace, openCandidates: readonly string[]): Promise<Set<string>> {
  const snapshot = await registry.snapshot({ fetch: true });
  const used = new Set<string>();
  const use = ({ train, test, predictions, model }: CandidateRecord) => {
    for (const name of [train.fingerprint, test.fingerprint, predictions.fingerprint, model.sha256]) used.add(name);
  };
  for (const model of await snapshot.models()) {
    for (const record of await snapshot.records(model)) {
      use(record.candidate);
      used.add(packedName(record));
    }
  }
  for (const directory of openCandidates)
    use(JSON.parse(await readFile(join(directory, "candidate.json"), "utf8")) as CandidateRecord);
  return used;
}

/** Of what this repository alone has put there: another one's versions cannot be seen from here. */
async function sharedGarbage(
  { store: { shared } }: Workspace,
  used: ReadonlySet<string>,
  graceDays: number,
): Promise<StoredItem[]> {
  const garbage: StoredItem[] = [];
  if (shared === null) return garbage;
  const own = await shared.repository();
  for await (const item of shared.remote.list()) {
    const isOurs = item.labels.repositories.every((each) => each === own);
    if (isOurs && !used.has(item.name)) garbage.push(item);
  }
  const oldest = oldestKept(shared.remote, graceDays);
  return garbage.filter(({ stored }) => stored < oldest);
}

/** By the store's own clock: what another machine has just put there must not go because this one's is wrong. */
function oldestKept({ now }: Pick<RemoteStore, "now">, graceDays: number): Date {
  return new Date(now().getTime() - graceDays * dayMs);
}

async function sweepLeftovers({ store: { shared } }: Workspace, graceDays: number): Promise<number> {
  return shared === null ? 0 : shared.remote.sweep(oldestKept(shared.remote, graceDays));
}

async function oldFiles(folder: string, oldest: number): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const old = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs < oldest));
  return files.filter((_, i) => old[i]);
}
