import { type PlanEntry, planModels } from "./plan.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { type ChallengerPointer, DamageError } from "./registry/version-record.ts";
import { refusedVersions, type VouchedVersion } from "./trust-state.ts";
import { lastCheck } from "./watch/last-check.ts";
import type { ModelState } from "./watch/model-state.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface StatusEntry extends ModelState {
  /** The version that is tried beside production; null when none is. */
  challenger: Pick<ChallengerPointer, "version" | "mode" | "share" | "since" | "by"> | null;
  next: PlanEntry["state"];
  /** Versions in production and other environments that readers refuse; absent where nobody has to have signed any. */
  untrusted?: readonly VouchedVersion[];
}

/** What is in production, since when, by whom, and what a run would do next; in the registry as it is now, unless a snapshot is given. */
export async function readStatus(workspace: Workspace, given?: Snapshot): Promise<StatusEntry[]> {
  const { registry } = workspace;
  const opened = given ? Promise.resolve(given) : registry.snapshot({ fetch: true });
  const [{ entries }, snapshot, pointers, moved] = await Promise.all([
    planModels(workspace, undefined, opened),
    opened,
    opened.then((each) => each.productions()),
    opened.then(async (each) => registry.since([...(await each.productions()).keys()], each)),
  ]);
  const told: StatusEntry[] = [];
  for (const { model, production, state, detail } of entries) {
    const record = production === null ? null : await snapshot.record(model, production);
    const primary = record?.evaluation.metrics[0];
    const last = moved.get(model);
    told.push({
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
    });
  }
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
  const environments: Record<string, number | null> = {};
  for (const name of names) environments[name] = (await snapshot.pointer(model, name))?.version ?? null;
  return { environments };
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
