import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { DamageError, parsePath, type RegistryPath } from "../../pipelines/registry/version-record.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";

/** Models whose pointer file differs between two commits; all in production when the first is not known here. */
export async function movedProductions(workspace: Workspace, snapshot: Snapshot, since: string): Promise<string[]> {
  const paths = await changedPaths(workspace, snapshot, since);
  if (paths === null) return deployed(snapshot);
  return paths.flatMap((path) => (path.kind === "production" ? [path.model] : []));
}

/** As `movedProductions`, of the other environments: models by environment. */
export async function movedElsewhere(
  workspace: Workspace,
  snapshot: Snapshot,
  since: string,
): Promise<Map<string, string[]>> {
  const paths = await changedPaths(workspace, snapshot, since);
  const moved = paths?.flatMap((path) => (path.kind === "environment" ? [path] : [])) ?? (await running(snapshot));
  const groups = Map.groupBy(moved, ({ environment }) => environment);
  return new Map([...groups].map(([environment, each]) => [environment, each.map(({ model }) => model)]));
}

async function running(snapshot: Snapshot): Promise<{ model: string; environment: string }[]> {
  const found: { model: string; environment: string }[] = [];
  for (const model of await snapshot.models())
    for (const environment of await snapshot.environments(model)) found.push({ model, environment });
  return found;
}

/** null when it cannot be known what changed. */
async function changedPaths({ git }: Workspace, { tip }: Snapshot, since: string): Promise<RegistryPath[] | null> {
  if (!/^[0-9a-f]{40,64}$/.test(since) || tip === null) return null;
  const { code, stdout } = await git.run(["diff", "--name-only", "-z", since, tip, "--", ":/models"], { allow: [128] });
  return code === 0 ? stdout.toString("utf8").split("\0").filter(Boolean).map(parsePath) : null;
}

/** Models that have something in production, damaged or not. */
async function deployed(snapshot: Snapshot): Promise<string[]> {
  const found: string[] = [];
  for (const model of await snapshot.models()) {
    const pointer = await snapshot.production(model).catch((error: unknown) => {
      if (error instanceof DamageError) return "damaged";
      throw error;
    });
    if (pointer !== null) found.push(model);
  }
  return found;
}
