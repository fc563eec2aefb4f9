import { parseFacts } from "./commit-message.ts";
import type { Git } from "./git/git.ts";
import { type LoggedCommit, readCommits } from "./git/log.ts";
import { pointerChangesOf } from "./pointer-changes.ts";
import { foldDeployments, type Move } from "./standing.ts";
import { modelFolder, parsePath, recordFile } from "./version-record.ts";

/** One thing that happened to a model; a registration has no `from`, and its `to` is the version that was registered. */
export interface HistoryEntry extends Omit<Move, "action"> {
  action: "register" | Move["action"];
}

/** Registrations, promotions and rollbacks of a model, newest first. Plain-git reverts count: what a commit changed decides, not its message. */
export async function readHistory(git: Git, tip: string, model: string): Promise<HistoryEntry[]> {
  const commits: LoggedCommit[] = [];
  for await (const each of readCommits(git, { tip, paths: [modelFolder(model)], oldestFirst: true }))
    commits.push(each);
  const { moves } = foldDeployments(await pointerChangesOf(git, commits, model));
  const byCommit = Map.groupBy(moves, ({ commit }) => commit);
  return commits.flatMap((each) => [...registrations(each), ...(byCommit.get(each.commit) ?? [])]).reverse();
}

function registrations(commit: LoggedCommit): HistoryEntry[] {
  return commit.changes.flatMap(({ path, before, after }) => {
    const parsed = parsePath(path);
    const isNew = before === null && after !== null && parsed.kind === "version-file" && parsed.file === recordFile;
    return isNew ? [{ ...about(commit), action: "register" as const, from: null, to: parsed.version }] : [];
  });
}

function about({ commit, author, time, subject, message }: LoggedCommit) {
  const { pullRequest = null, automatic = null } = parseFacts(message) ?? {};
  return { commit, by: author, time, subject, pullRequest, automatic };
}
