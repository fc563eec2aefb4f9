import { parseFacts } from "./commit-message.ts";
import type { Git } from "./git/git.ts";
import { readLog } from "./git/log.ts";
import { parsePath, productionFile } from "./paths.ts";

/** The last time a model's production changed, by whatever commit did it. */
export interface LastChange {
  commit: string;
  /** The commit's author. */
  by: string;
  /** ISO, UTC. */
  time: string;
  subject: string;
  pullRequest: number | null;
}

/** When each model's pointer last really changed (a revert counts) and by whom. Reads the log newest first and stops as soon as all are known. */
export async function readLastChanges(
  git: Git,
  tip: string,
  models: readonly string[],
): Promise<Map<string, LastChange>> {
  const found = new Map<string, LastChange>();
  const wanted = new Set(models);
  if (wanted.size === 0) return found;
  for await (const { changes, ...commit } of readLog(git, { tip, paths: models.map(productionFile) })) {
    for (const { path } of changes) {
      const parsed = parsePath(path);
      if (parsed.kind !== "production" || !wanted.delete(parsed.model)) continue;
      const { author, time, subject, message } = commit;
      found.set(parsed.model, {
        commit: commit.commit,
        by: author,
        time,
        subject,
        pullRequest: parseFacts(message)?.pullRequest ?? null,
      });
    }
    if (wanted.size === 0) break;
  }
  return found;
}
