import { parseSubject } from "./registry/commit-message.ts";
import { recordFile } from "./registry/paths.ts";
import { listVersions, type VersionName } from "./registry/read-records.ts";
import { recordOutline } from "./registry/record-outline.ts";
import { shapeProblem } from "./registry/record-shape.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import type { DashboardFacts, DashboardModel, ListedMove, ListedVersion } from "./report/dashboard/dashboard-facts.ts";
import { dashboardPages } from "./report/dashboard/dashboard-pages.ts";
import { readStatus } from "./status.ts";
import type { DriftEntry, DriftPoint } from "./watch/drift/model-drift.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Builds the pages of the whole registry, by their paths. `drift` is what checks elsewhere found, such as `mergeml drift --json`. */
export async function buildDashboard(
  workspace: Workspace,
  drift: readonly DriftEntry[] = [],
): Promise<Map<string, string>> {
  return dashboardPages(await readDashboard(workspace, drift));
}

/** All models, versions, moves and runs. */
async function readDashboard(workspace: Workspace, drift: readonly DriftEntry[]): Promise<DashboardFacts> {
  const { registry, clock } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  const [entries, versions, moves, { runs }, web] = await Promise.all([
    readStatus(workspace),
    readVersions(workspace, snapshot),
    readMoves(workspace, snapshot.tip),
    workspace.runs.read(),
    webAddress(workspace),
  ]);
  const windows = new Map(drift.flatMap((entry) => (entry.outcome === "error" ? [] : [[entry.model, entry] as const])));
  const runsOf = Map.groupBy(runs, ({ model }) => model);
  const models = entries.map((status): DashboardModel => {
    const { model } = status;
    const checked = windows.get(model);
    const own = versions.get(model) ?? [];
    return {
      status: { ...status, drift: checked && checked.version === status.production ? checked : status.drift },
      ...(own.at(-1)?.about ?? { owner: null, description: "" }),
      versions: own.map(({ listed }) => listed),
      moves: moves.get(model) ?? [],
      runs: runsOf.get(model) ?? [],
      windows: (checked?.history ?? status.drift?.history ?? []).toReversed() as DriftPoint[],
    };
  });
  return { built: clock.now().toISOString(), tip: snapshot.tip, web, models };
}

interface ReadVersion {
  listed: ListedVersion;
  about: { owner: string | null; description: string };
}

/**
 * Every version of every model, oldest first, from its record alone and without checking its digest, which `mergeml verify` does:
 * ten thousand of them take seconds that way. What a model's versions say is kept, so that the next build reads new ones alone.
 */
async function readVersions(workspace: Workspace, { tip, ...snapshot }: Snapshot): Promise<Map<string, ReadVersion[]>> {
  const { git, cache, log } = workspace;
  const found = new Map<string, ReadVersion[]>();
  const unread: Required<VersionName>[] = [];
  const listed = new Map<string, Required<VersionName>[]>();
  for (const model of await snapshot.models()) {
    const versions = await listVersions(git, tip, model);
    const kept = await cache.read<ReadVersion[]>("dashboard", keyOf(versions));
    if (kept) found.set(model, kept);
    else listed.set(model, versions);
    if (!kept) unread.push(...versions);
  }
  const names = unread.map(({ tree }) => `${tree}:${recordFile}`);
  await git.objects.visit(names, (object, index) => {
    const { model, version } = unread[index]!;
    const record = object && recordOf(object.content);
    const known = found.get(model) ?? [];
    if (!record) log.warn(`${model}@${version} cannot be read and is left out: see mergeml verify`);
    else known.push(record);
    found.set(model, known);
  });
  for (const [model, versions] of listed) await cache.write("dashboard", keyOf(versions), found.get(model) ?? []);
  return found;
}

/** Trees tell what is in versions, whatever the branch's tip. */
function keyOf(versions: readonly Required<VersionName>[]): unknown {
  return versions.map(({ version, tree }) => [version, tree]);
}

/** null for a record that lacks what is listed of it, or has it in another shape. */
function recordOf(content: Uint8Array): ReadVersion | null {
  try {
    const record = JSON.parse(recordOutline(content)) as VersionRecord;
    return shapeProblem(record, listedShape) === null
      ? { listed: listedVersion(record), about: aboutOf(record) }
      : null;
  } catch {
    return null;
  }
}

const dataset = { fingerprint: "string", rows: "number" } as const;

/** What is read of a record here. */
const listedShape = {
  version: "number",
  "pull_request?": "number",
  registered: "string",
  registered_by: "string",
  candidate: {
    id: "string",
    "commit?": "string",
    config: {
      description: "string",
      "owner?": "string",
      type: "string",
      seed: "number",
      params: "object",
      features: "object",
    },
    features: [{ name: "string" }],
    train: dataset,
    test: dataset,
  },
  evaluation: { primary: "string", metrics: [{ metric: "string", candidate: "score" }] },
  verdict: { outcome: "string", summary: "string" },
} as const;

function aboutOf({ candidate: { config } }: VersionRecord): ReadVersion["about"] {
  return { owner: config.owner ?? null, description: config.description };
}

function listedVersion({
  version,
  registered,
  registered_by,
  pull_request,
  candidate,
  evaluation,
  verdict,
}: VersionRecord): ListedVersion {
  const { config, train, test } = candidate;
  return {
    version,
    registered,
    by: registered_by,
    pull_request: pull_request ?? null,
    metric: evaluation.primary,
    value: evaluation.metrics[0]?.candidate ?? null,
    metrics: Object.fromEntries(
      evaluation.metrics.flatMap((each) => (each.candidate === null ? [] : [[each.metric, each.candidate]])),
    ),
    type: config.type,
    seed: config.seed,
    params: config.params,
    candidate: candidate.id,
    commit: candidate.commit ?? null,
    train: { fingerprint: train.fingerprint, rows: train.rows },
    test: { fingerprint: test.fingerprint, rows: test.rows },
    window: config.features.window ? { start: config.features.window.start, end: config.features.window.end } : null,
    features: candidate.features.map(({ name }) => name),
    views: config.features.composition?.views.map(({ name }) => name) ?? [],
    verdict: verdict.outcome,
    summary: verdict.summary,
  };
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
