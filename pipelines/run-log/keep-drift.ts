import type { Git } from "../registry/git/git.ts";
import { readAllObjects } from "../registry/git/objects.ts";
import { type FoundDrift, foundDriftPath, foundDriftText, parseFoundDrift } from "./found-drift.ts";
import { type RunPusher, writeRunsBranch } from "./push-runs.ts";

/** Puts the last findings on the branch, one file a model, each over the one before. Throws GitError when the remote refuses. */
export async function keepDrift(pusher: RunPusher, found: readonly FoundDrift[]): Promise<void> {
  if (found.length === 0 || pusher.remote === null) return;
  const files = found.map((each) => ({ path: foundDriftPath(each.model), content: foundDriftText(each) }));
  await writeRunsBranch(pusher, async (tip) => {
    const known =
      tip === null
        ? []
        : await readAllObjects(
            pusher.git,
            files.map(({ path }) => `${tip}:${path}`),
          );
    const changes = files.filter(({ content }, at) => known[at]?.content.toString("utf8") !== content);
    return changes.length === 0 ? null : { message: `drift: ${changes.length} checked\n`, changes };
  });
}

/** The findings on the branch at `tip`, by model; null: there is no branch. What cannot be read is left out. */
export async function readDrift(git: Git, tip: string | null): Promise<Map<string, FoundDrift>> {
  if (tip === null) return new Map();
  const listed = await git.text(["ls-tree", "-r", "-z", "--full-tree", tip, "--", "drift/"]);
  const files = [...listed.matchAll(/100644 blob ([0-9a-f]+)\t(drift\/[a-z0-9-]+\.json)(?:\0|$)/g)];
  const found = new Map<string, FoundDrift>();
  await git.objects.visit(
    files.map(([, oid]) => oid!),
    (object, at) => {
      const drift = object && parseFoundDrift(object.content);
      if (drift && foundDriftPath(drift.model) === files[at]![2]) found.set(drift.model, drift);
    },
  );
  return found;
}
