import {
  type BlockedMemory,
  type BlockedNotice,
  blockedCopies,
  readBlockedMemory,
  writeBlockedMemory,
} from "../../../pipelines/watch/notice/blocked-memory.ts";
import type { GitHub } from "./client.ts";
import {
  type IssueJob,
  type IssueKind,
  type IssueOutcome,
  type KeptIssue,
  keepIssue,
  listKeptIssues,
} from "./kept-issue.ts";

/** One issue a model, as long as it cannot be deployed. */
const blockedIssue: IssueKind<BlockedMemory> = {
  label: "blocked",
  read: readBlockedMemory,
  write: writeBlockedMemory,
  asCopy: (memory) => ({ ...memory, closed: "copy" }),
  copies: blockedCopies,
  isSame: () => true,
};

export type StoredBlockedIssue = KeptIssue<BlockedMemory>;

/** All issues about blocked models that we wrote, open and closed, by model. */
export function listBlockedIssues(github: GitHub): Promise<Map<string, StoredBlockedIssue[]>> {
  return listKeptIssues(github, blockedIssue);
}

/** Does what was decided. Doing it twice, or beside another run, ends with the same one issue. */
export function applyBlockedNotice(
  github: GitHub,
  notice: BlockedNotice,
  job: Omit<IssueJob<BlockedMemory>, "step">,
): Promise<IssueOutcome> {
  return keepIssue(github, blockedIssue, { ...job, step: notice });
}
