import type { RollbackNoticeText } from "../../../pipelines/report/drift/rollback-notice-text.ts";
import {
  copiesOf,
  type NoticeDecision,
  type NoticeMemory,
  type NoticeText,
  readMemory,
  writeMemory,
} from "../../../pipelines/watch/notice/decide-notice.ts";
import {
  type RollbackMemory,
  type RollbackNotice,
  readRollbackMemory,
  rollbackCopies,
  writeRollbackMemory,
} from "../../../pipelines/watch/notice/decide-rollback-notice.ts";
import type { GitHub } from "./client.ts";
import { type IssueKind, type IssueOutcome, type KeptIssue, keepIssue, listKeptIssues } from "./kept-issue.ts";

/** One issue a version that broke its limits. */
const rollbackIssue: IssueKind<RollbackMemory> = {
  label: "rollback",
  read: readRollbackMemory,
  write: writeRollbackMemory,
  asCopy: (memory) => ({ ...memory, closed: "copy" }),
  copies: rollbackCopies,
  isSame: (one, other) => one.version === other.version && one.closed !== "copy",
};

export type StoredRollbackIssue = KeptIssue<RollbackMemory>;

/** All issues about rollbacks that we wrote, open and closed, by model. */
export function listRollbackIssues(github: GitHub): Promise<Map<string, StoredRollbackIssue[]>> {
  return listKeptIssues(github, rollbackIssue);
}

interface NoticeJob {
  notice: RollbackNotice;
  known: readonly StoredRollbackIssue[];
  text: RollbackNoticeText;
  owner: string | null;
  /** When it became so, so that the next time is said anew. */
  at: string;
}

/** Does what was decided. Doing it twice, or beside another run, ends with the same one issue. */
export function applyRollbackNotice(
  github: GitHub,
  { notice, known, text, owner, at }: NoticeJob,
): Promise<IssueOutcome> {
  const what = notice.action === "close" ? `closed ${notice.why}` : "reopened";
  const marker = `rollback ${what} ${at}`;
  return keepIssue(github, rollbackIssue, { step: notice, known, text: { ...text, marker }, owner });
}

/** One issue a model, as long as it drifts. */
const driftIssue: IssueKind<NoticeMemory> = {
  label: "drift",
  read: readMemory,
  write: writeMemory,
  asCopy: (memory) => ({ ...memory, closed: "copy" }),
  copies: copiesOf,
  isSame: () => true,
};

export type StoredIssue = KeptIssue<NoticeMemory>;

/** All drift issues that we wrote, open and closed, by model. */
export function listDriftIssues(github: GitHub): Promise<Map<string, StoredIssue[]>> {
  return listKeptIssues(github, driftIssue);
}

/** Does what was decided. Doing it twice, or beside another run, ends with the same one issue. */
export function applyNotice(
  github: GitHub,
  { decision, known, text }: { decision: NoticeDecision; known: readonly StoredIssue[]; text: NoticeText },
): Promise<IssueOutcome> {
  const marker = decision.action === "nothing" ? "" : `drift ${decision.action} ${decision.memory.to}`;
  return keepIssue(github, driftIssue, { step: decision, known, text: { ...text, marker }, owner: text.owner });
}
