import { DamageError } from "../../pipelines/registry/damage.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";

/** Models whose pointer file differs between two commits; all in production when the first is not known here. */
export async function movedProductions({ git }: Workspace, snapshot: Snapshot, since: string): Promise<string[]> {
  if (!/^[0-9a-f]{40,64}$/.test(since) || snapshot.tip === null) return deployed(snapshot);
  const { code, stdout } = await git.run(["diff", "--name-only", "-z", since, snapshot.tip, "--", ":/models"], {
    allow: [128],
  });
  if (code !== 0) return deployed(snapshot);
  const changed = stdout
    .toString("utf8")
    .split("\0")
    .flatMap((path) => /^models\/([a-z0-9-]+)\/production\.json$/.exec(path)?.[1] ?? []);
  return [...new Set(changed)];
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
