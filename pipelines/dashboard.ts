import { join } from "node:path";
import { parseSubject } from "./registry/commit-message.ts";
import { fetchFileOf } from "./registry/git/git.ts";
import { listAllVersions, type VersionName } from "./registry/read-records.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { recordFile } from "./registry/version-record.ts";
import { dashboardPages, modelPage } from "./report/dashboard/dashboard-pages.ts";
import type { DashboardModel, ListedMove } from "./report/dashboard/data-pages.ts";
import type { ReadVersion } from "./report/dashboard/listed-version.ts";
import { type ReadVersions, readVersionsApart } from "./report/dashboard/version-reader.ts";
import type { FoundDrift } from "./run-log/found-drift.ts";
import { readStatus } from "./status.ts";
import type { ModelState } from "./watch/model-state.ts";
import type { Workspace } from "./workspace/workspace.ts";
import { writeAside } from "./workspace/write-aside.ts";

/**
 * Builds the pages of the whole registry, by their paths. Drift is what `drift` tells, such as `mergeml drift --json`
 * elsewhere, else the newer of what was found here and by a job.
 */
export async function buildDashboard(
  workspace: Workspace,
  drift: readonly FoundDrift[] = [],
): Promise<Map<string, string>> {
  const { registry, clock } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  const known = readKnown(workspace, snapshot, drift);
  const [models, pages] = [new Map<string, DashboardModel>(), new Map<string, string>()];
  // A model's page is made while the versions of others are read.
  const make = async (model: string, versions: readonly ReadVersion[]) => {
    const { web, modelOf } = await known;
    const told = modelOf(model, versions);
    if (told === null) return;
    models.set(model, told);
    pages.set(model, modelPage({ web }, told));
  };
  const made: Promise<void>[] = [];
  const see = (model: string, versions: readonly ReadVersion[]) => {
    const page = make(model, versions);
    page.catch(() => undefined); // told below, or by what is known
    made.push(page);
  };
  await Promise.all([known, readVersions(workspace, snapshot, see)]);
  await Promise.all(made);
  const { web, names } = await known;
  for (const name of names) if (!models.has(name)) await make(name, []);
  const all = names.map((name) => models.get(name)!);
  return dashboardPages({ built: clock.now().toISOString(), tip: snapshot.tip, web, models: all }, pages);
}

/** Builds them into a folder, and returns them. */
export async function writeDashboard(
  workspace: Workspace,
  folder: string,
  drift: readonly FoundDrift[] = [],
): Promise<Map<string, string>> {
  const pages = await buildDashboard(workspace, drift);
  const all = [...pages];
  // Some at a time: a registry may have more models than a process may open files.
  for (let from = 0; from < all.length; from += 32)
    await Promise.all(all.slice(from, from + 32).map(([path, text]) => writeAside(join(folder, path), text)));
  return pages;
}

/** All that is told of models but their versions, and what makes one of both. */
async function readKnown(workspace: Workspace, snapshot: Snapshot, given: readonly FoundDrift[]) {
  const [entries, moves, { runs }, kept, web] = await Promise.all([
    readStatus(workspace, snapshot),
    readMoves(workspace, snapshot.tip),
    workspace.runs.read(),
    workspace.runs.readDrift(),
    webAddress(workspace),
  ]);
  const runsOf = Map.groupBy(runs, ({ model }) => model);
  const states = new Map(entries.map((status) => [status.model, status]));
  /** null for a model that is neither in a config nor in production. */
  const modelOf = (model: string, versions: readonly ReadVersion[]): DashboardModel | null => {
    const status = states.get(model);
    if (!status) return null;
    const drift = lastFound(status, kept.get(model), given);
    return {
      status: { ...status, drift },
      ...(versions.at(-1)?.about ?? { owner: null, description: "" }),
      versions: versions.map(({ listed }) => listed),
      moves: moves.get(model) ?? [],
      runs: runsOf.get(model) ?? [],
      windows: (drift?.history ?? []).toReversed(),
    };
  };
  return { names: entries.map(({ model }) => model), web, modelOf };
}

/** What was handed over, else the check of the newest window, of what is in production. */
function lastFound(
  { model, production, drift }: ModelState,
  kept: FoundDrift | undefined,
  given: readonly FoundDrift[],
): ModelState["drift"] {
  const isCurrent = (each: FoundDrift | undefined) => each?.model === model && each.version === production;
  const handed = given.find(isCurrent);
  if (handed || !kept || !isCurrent(kept)) return handed ?? drift;
  return drift && drift.window.to > kept.window.to ? drift : kept;
}

/**
 * Hands `see` every version of every model, oldest first, from its record alone and without checking its digest, which
 * `mergeml verify` does: ten thousand of them take seconds that way. What a model's versions say is kept, so that the next build
 * reads new ones alone.
 */
async function readVersions(
  workspace: Workspace,
  { tip, ...snapshot }: Snapshot,
  see: (model: string, versions: readonly ReadVersion[]) => void,
): Promise<void> {
  const { git, env, cache, log } = workspace;
  const listed = await listAllVersions(git, tip, await snapshot.models());
  const unread: [string, readonly Required<VersionName>[]][] = [];
  for (const [model, versions] of listed) {
    const kept = versions.length > 0 ? parseVersions(await cache.readBytes("dashboard", keyOf(versions))) : [];
    if (kept) see(model, readable(kept));
    else unread.push([model, versions]);
  }
  const models = unread.map(([model, versions]) => ({ model, trees: versions.map(({ tree }) => tree) }));
  await fetchFileOf(
    git,
    models.flatMap(({ trees }) => trees),
    recordFile,
  );
  const keeping: Promise<void>[] = [];
  await readVersionsApart({ cwd: git.cwd, env, models }, ({ model, json }) => {
    const names = listed.get(model)!;
    const versions = parseVersions(json) ?? [];
    for (const at of versions.keys())
      if (!versions[at]) log.warn(`${model}@${names[at]!.version} cannot be read and is left out: see mergeml verify`);
    see(model, readable(versions));
    keeping.push(cache.writeBytes("dashboard", keyOf(names), json));
  });
  await Promise.all(keeping);
}

/** null for what was kept and is no JSON: it is read again. */
function parseVersions(json: Uint8Array | null): ReadVersions | null {
  try {
    return json && (JSON.parse(new TextDecoder().decode(json)) as ReadVersions);
  } catch {
    return null;
  }
}

function readable(versions: ReadVersions): ReadVersion[] {
  return versions.filter((each) => each !== null);
}

/** Trees tell what is in versions, whatever the branch's tip. */
function keyOf(versions: readonly Required<VersionName>[]): string {
  return versions.map(({ version, tree }) => `${version} ${tree}`).join("\n");
}

/** What the subjects of the registry branch's commits tell, newest first. What is in production is told by the pointers alone. */
async function readMoves({ git }: Workspace, tip: string | null): Promise<Map<string, ListedMove[]>> {
  const moves = new Map<string, ListedMove[]>();
  if (tip === null) return moves;
  const text = await git.text(["log", "-z", "--format=%h%x1f%aI%x1f%an%x1f%s", tip]);
  for (const line of text.split("\0")) {
    const [commit = "", time = "", by = "", subject = ""] = line.split("\x1f");
    const parsed = parseSubject(subject);
    if (parsed === null) continue;
    const own = moves.get(parsed.model);
    const move = { commit, time, by, what: subject };
    if (own) own.push(move);
    else moves.set(parsed.model, [move]);
  }
  return moves;
}

/** `https://github.com/acme/models` of a remote's address on a forge. */
async function webAddress({ git, remote }: Workspace): Promise<string | null> {
  if (remote === null) return null;
  const address = (await git.text(["remote", "get-url", remote], { allow: [2, 128] })).trim();
  const [, host, path] =
    /^(?:https?:\/\/(?:[^@/]*@)?|ssh:\/\/git@|git@)([\w.-]+)[:/]([\w./-]+?)(?:\.git)?\/?$/.exec(address) ?? [];
  return host && path ? `https://${host}/${path}` : null;
}
