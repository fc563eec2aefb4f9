import type { ModelConfig } from "./config/model-config.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { readModels, type Workspace } from "./workspace/workspace.ts";

/** From where to where a version goes on. */
export interface Hop {
  from: string;
  to: string;
}

/** A version that runs in an environment, and not in the next. */
export interface WaitingVersion extends Hop {
  model: string;
  version: number;
  /** Since when it runs in `from`. */
  since: Date;
  /** As the files say today; null when they are gone or unsound. */
  config: ModelConfig | null;
  /** Why no run promotes it by itself, whatever its windows say; null when one may. */
  held: string | null;
}

/** Every step of the repository's environments, in order. */
export function hopsOf(environments: readonly string[]): Hop[] {
  return environments.slice(1).map((to, at) => ({ from: environments[at]!, to }));
}

/** The versions that wait in an environment, of all models or of those named. */
export async function waitingVersions(
  workspace: Workspace,
  snapshot: Snapshot,
  hop: Hop,
  only: readonly string[] = [],
): Promise<WaitingVersion[]> {
  const names = (await snapshot.models()).filter((name) => only.length === 0 || only.includes(name));
  const { models } = await readModels(workspace, names);
  const configs = new Map(models.map(({ config }) => [config.name, config]));
  const waiting = names.map((model) =>
    waitingVersion(workspace, snapshot, hop, { model, config: configs.get(model) ?? null }),
  );
  return (await Promise.all(waiting)).filter((each) => each !== null);
}

async function waitingVersion(
  { registry }: Workspace,
  snapshot: Snapshot,
  { from, to }: Hop,
  { model, config }: Pick<WaitingVersion, "model" | "config">,
): Promise<WaitingVersion | null> {
  const [running, next] = await Promise.all([snapshot.pointer(model, from), snapshot.pointer(model, to)]);
  if (running === null || running.version === next?.version) return null;
  const { version } = running;
  const { moves } = await registry.deployments(model, snapshot, from);
  const { rolledBack } = await registry.deployments(model, snapshot, to);
  const held = heldBack({ model, version, to, config }, rolledBack, next?.version ?? 0);
  return { model, version, from, to, since: new Date(moves.at(-1)?.time ?? running.since), config, held };
}

function heldBack(
  { version, to, config }: Pick<WaitingVersion, "model" | "version" | "to" | "config">,
  rolledBack: ReadonlySet<number>,
  newest: number,
): string | null {
  if (config === null) return "its config cannot be read";
  if (!config.promote) return "promote.when is not set, so that a person promotes it";
  if (rolledBack.has(version)) return `v${version} was rolled back in ${to}: a person promotes it again`;
  return version < newest ? `v${newest} is newer, and runs in ${to}` : null;
}
