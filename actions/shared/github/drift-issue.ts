import {
  copiesOf,
  type NoticeDecision,
  type NoticeMemory,
  type NoticeText,
  readMemory,
  writeMemory,
} from "../../../pipelines/watch/notice/decide-notice.ts";
import type { GitHub } from "./client.ts";
import { type IssueKind, type IssueOutcome, type KeptIssue, keepIssue, listKeptIssues } from "./kept-issue.ts";

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
