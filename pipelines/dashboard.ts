import { join } from "node:path";
import { parseSubject } from "./registry/commit-message.ts";
import { fetchFileOf } from "./registry/partial-clone.ts";
import { recordFile } from "./registry/paths.ts";
import { listAllVersions, type VersionName } from "./registry/read-records.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { DashboardFacts, DashboardModel, ListedMove } from "./report/dashboard/dashboard-facts.ts";
import { dashboardPages } from "./report/dashboard/dashboard-pages.ts";
import type { ReadVersion } from "./report/dashboard/listed-version.ts";
import { readVersionsApart } from "./report/dashboard/version-reader.ts";
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
  return dashboardPages(await readDashboard(workspace, drift));
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

/** All models, versions, moves and runs. */
async function readDashboard(workspace: Workspace, given: readonly FoundDrift[]): Promise<DashboardFacts> {
  const { registry, clock } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  const [entries, versions, moves, { runs }, kept, web] = await Promise.all([
    readStatus(workspace),
    readVersions(workspace, snapshot),
    readMoves(workspace, snapshot.tip),
    workspace.runs.read(),
    workspace.runs.readDrift(),
    webAddress(workspace),
  ]);
  const runsOf = Map.groupBy(runs, ({ model }) => model);
  const models = entries.map((status): DashboardModel => {
    const { model } = status;
    const drift = lastFound(status, kept.get(model), given);
    const own = versions.get(model) ?? [];
    return {
      status: { ...status, drift },
      ...(own.at(-1)?.about ?? { owner: null, description: "" }),
      versions: own.map(({ listed }) => listed),
      moves: moves.get(model) ?? [],
      runs: runsOf.get(model) ?? [],
      windows: (drift?.history ?? []).toReversed(),
    };
  });
  return { built: clock.now().toISOString(), tip: snapshot.tip, web, models };
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
 * Every version of every model, oldest first, from its record alone and without checking its digest, which `mergeml verify` does:
 * ten thousand of them take seconds that way. What a model's versions say is kept, so that the next build reads new ones alone.
 */
async function readVersions(workspace: Workspace, { tip, ...snapshot }: Snapshot): Promise<Map<string, ReadVersion[]>> {
  const { git, env, cache, log } = workspace;
  const found = new Map<string, ReadVersion[]>();
  const listed = await listAllVersions(git, tip, await snapshot.models());
  for (const [model, versions] of listed) {
    const kept = versions.length > 0 ? await cache.read<ReadVersion[]>("dashboard", keyOf(versions)) : [];
    if (kept) found.set(model, kept);
  }
  const unread = [...listed].filter(([model]) => !found.has(model));
  const models = unread.map(([model, versions]) => ({ model, trees: versions.map(({ tree }) => tree) }));
  await fetchFileOf(
    git,
    models.flatMap(({ trees }) => trees),
    recordFile,
  );
  const keeping: Promise<void>[] = [];
  await readVersionsApart({ cwd: git.cwd, env, models }, ({ model, versions }) => {
    const names = listed.get(model)!;
    for (const at of versions.keys())
      if (!versions[at]) log.warn(`${model}@${names[at]!.version} cannot be read and is left out: see mergeml verify`);
    const read = versions.filter((each) => each !== null);
    found.set(model, read);
    keeping.push(cache.write("dashboard", keyOf(names), read));
  });
  await Promise.all(keeping);
  return found;
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
