import { parseFacts } from "./commit-message.ts";
import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { modelFolder, parsePath, recordFile } from "./paths.ts";
import { afterChange, type Deployment, isRollback, type PointerChange, pointerChangesOf } from "./pointer-changes.ts";

/** One thing that happened to a model. */
export interface HistoryEntry {
  /** `promote` puts something new into production, `rollback` comes back to something earlier or to nothing. */
  action: "register" | "promote" | "rollback";
  /** In production before; null for none, and for a registration. */
  from: number | null;
  /** In production afterwards, null for none; the version that was registered. */
  to: number | null;
  commit: string;
  /** The commit's author. */
  by: string;
  /** ISO, UTC. */
  time: string;
  subject: string;
  pullRequest: number | null;
  /** Why mergeml rolled back by itself; null when a person did it. */
  automatic: string | null;
}

/** Registrations, promotions and rollbacks of a model, newest first. Plain-git reverts count: what a commit changed decides, not its message. */
export async function readHistory(git: Git, tip: string, model: string): Promise<HistoryEntry[]> {
  const commits: LoggedCommit[] = [];
  for await (const each of readCommits(git, { tip, paths: [modelFolder(model)], oldestFirst: true }))
    commits.push(each);
  const changes = await pointerChangesOf(git, commits, model);
  const moves = new Map(changes.map((change) => [change.commit, change]));
  let deployments: Deployment[] = [];
  const entries = commits.flatMap((commit) => {
    const found = registrations(commit);
    const change = moves.get(commit.commit);
    if (!change) return found;
    found.push(moveEntry(commit, change, deployments));
    deployments = afterChange(deployments, change);
    return found;
  });
  return entries.reverse();
}

function registrations(commit: LoggedCommit): HistoryEntry[] {
  return commit.changes.flatMap(({ path, before, after }) => {
    const parsed = parsePath(path);
    const isNew = before === null && after !== null && parsed.kind === "version-file" && parsed.file === recordFile;
    return isNew ? [{ ...about(commit), action: "register" as const, from: null, to: parsed.version }] : [];
  });
}

function moveEntry(commit: LoggedCommit, change: PointerChange, deployments: readonly Deployment[]): HistoryEntry {
  const [from, to] = [change.from?.version ?? null, change.to?.version ?? null];
  return { ...about(commit), action: isRollback(change, deployments) ? "rollback" : "promote", from, to };
}

function about({ commit, author, time, subject, message }: LoggedCommit) {
  const { pullRequest = null, automatic = null } = parseFacts(message) ?? {};
  return { commit, by: author, time, subject, pullRequest, automatic };
}
