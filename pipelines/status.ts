import { type PlanEntry, planModels } from "./plan.ts";
import { DamageError } from "./registry/damage.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { ChallengerPointer } from "./registry/version-record.ts";
import { refusedVersions, type VouchedVersion } from "./trust-state.ts";
import { type LastCheck, lastCheck } from "./watch/last-check.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface StatusEntry {
  model: string;
  production: number | null;
  /** ISO time of the commit that last moved the pointer, a revert included; null when nothing is in production. */
  since: string | null;
  metric: string | null;
  value: number | null;
  by: string | null;
  pull_request: number | null;
  /** Why mergeml rolled back to this version by itself; null when a person put it there. */
  automatic: string | null;
  /** The version that is tried beside production; null when none is. */
  challenger: Pick<ChallengerPointer, "version" | "mode" | "share" | "since" | "by"> | null;
  /** Versions by environment, in the order of mergeml.yaml without production; absent where that has none. */
  environments?: Readonly<Record<string, number | null>>;
  /** What the last `mergeml drift` on this machine found; null when this version was never checked here. */
  drift: LastCheck | null;
  next: PlanEntry["state"];
  detail: string;
  /** Versions in production and other environments that readers refuse; absent where nobody has to have signed any. */
  untrusted?: readonly VouchedVersion[];
}

/** What is in production, since when, by whom, and what a run would do next. */
export async function readStatus(workspace: Workspace): Promise<StatusEntry[]> {
  const { registry } = workspace;
  const opened = registry.snapshot({ fetch: true });
  const [{ entries }, snapshot, pointers, moved] = await Promise.all([
    planModels(workspace, undefined, opened),
    opened,
    opened.then((each) => each.productions()),
    opened.then(async (each) => registry.since([...(await each.productions()).keys()], each)),
  ]);
  const told = await Promise.all(
    entries.map(async ({ model, production, state, detail }) => {
      const record = production === null ? null : await snapshot.record(model, production);
      const primary = record?.evaluation.metrics[0];
      const last = moved.get(model);
      return {
        model,
        production,
        since: production === null ? null : (last?.time ?? pointers.get(model)?.since ?? null),
        metric: primary?.metric ?? null,
        value: primary?.candidate ?? null,
        by: production === null ? null : (last?.by ?? pointers.get(model)?.by ?? null),
        pull_request: pointers.get(model)?.pull_request ?? null,
        automatic: production === null ? null : (last?.automatic ?? null),
        challenger: await challengerOf(workspace, snapshot, model),
        ...(await environmentsOf(workspace, snapshot, model)),
        drift: record && (await lastCheck(workspace, record)),
        next: state,
        detail,
      };
    }),
  );
  return withUntrusted(workspace, snapshot, told);
}

async function withUntrusted(workspace: Workspace, snapshot: Snapshot, entries: StatusEntry[]): Promise<StatusEntry[]> {
  const running = entries.flatMap(({ model, production, environments = {} }) =>
    [...new Set([production, ...Object.values(environments)])].flatMap((version) =>
      version === null ? [] : [{ model, version }],
    ),
  );
  const refused = await refusedVersions(workspace, snapshot, running);
  if (refused === null) return entries;
  return entries.map((entry) => ({ ...entry, untrusted: refused.filter(({ model }) => model === entry.model) }));
}

async function environmentsOf(
  { repository }: Workspace,
  snapshot: Snapshot,
  model: string,
): Promise<Pick<StatusEntry, "environments">> {
  const names = repository.environments.slice(0, -1);
  if (names.length === 0) return {};
  const pairs = names.map(async (name) => [name, (await snapshot.pointer(model, name))?.version ?? null] as const);
  return { environments: Object.fromEntries(await Promise.all(pairs)) };
}

/** A challenger.json that cannot be read keeps nobody from being told what is in production. */
async function challengerOf({ log }: Workspace, snapshot: Snapshot, model: string): Promise<StatusEntry["challenger"]> {
  try {
    const pointer = await snapshot.challenger(model);
    if (pointer === null) return null;
    const { version, mode, share, since, by } = pointer;
    return { version, mode, share, since, by };
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    log.warn(error.message);
    return null;
  }
}
