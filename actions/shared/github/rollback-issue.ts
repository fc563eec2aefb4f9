import type { RollbackNoticeText } from "../../../pipelines/report/drift/rollback-notice-text.ts";
import {
  type KnownRollbackIssue,
  type RollbackNotice,
  rollbackCopies,
} from "../../../pipelines/rollback/notice/decide-rollback-notice.ts";
import {
  type RollbackMemory,
  readRollbackMemory,
  writeRollbackMemory,
} from "../../../pipelines/rollback/notice/rollback-memory.ts";
import type { GitHub } from "./client.ts";
import {
  commentOnce,
  createIssue,
  editIssue,
  isOff,
  issueFields,
  listOwnIssues,
  type OwnIssue,
  saysSame,
  withoutHiddenLine,
} from "./own-issue.ts";

/** One of our issues about a rollback with its text, so that what did not change is not written. */
export interface StoredRollbackIssue extends OwnIssue, KnownRollbackIssue {}

/** `off`: the repository has no issues, or the token may not write them. */
export type RollbackIssueOutcome =
  | { state: "created" | "updated" | "unchanged" | "closed" | "reopened"; issue: number }
  | { state: "off" };

/** All issues about rollbacks that we wrote, open and closed, by model. */
export async function listRollbackIssues(github: GitHub): Promise<Map<string, StoredRollbackIssue[]>> {
  const found = (await listOwnIssues(github, ["mergeml", "rollback"])).flatMap((issue): StoredRollbackIssue[] => {
    const memory = readRollbackMemory(issue.body);
    return memory === null ? [] : [{ ...issue, memory }];
  });
  return Map.groupBy(found, ({ memory }) => memory.model);
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
export async function applyRollbackNotice(github: GitHub, job: NoticeJob): Promise<RollbackIssueOutcome> {
  try {
    await closeCopies(github, job.known);
    return await act(github, job);
  } catch (error) {
    if (isOff(error)) return { state: "off" };
    throw error;
  }
}

async function act(github: GitHub, job: NoticeJob): Promise<RollbackIssueOutcome> {
  const { notice, known, text } = job;
  const { memory } = notice;
  if (notice.action === "create") return create(github, job);
  const { issue } = notice;
  const before = known.find(({ number }) => number === issue);
  if (notice.action === "close") {
    await commentOnce(github, issue, `rollback closed ${notice.why} ${job.at}`, text.comment);
    const body = `${writeRollbackMemory(memory)}\n${withoutHiddenLine(before?.body ?? "")}`;
    await editIssue(github, issue, { body, state: "closed", state_reason: "completed" });
    return { state: "closed", issue };
  }
  const fields = issueFields(writeRollbackMemory(memory), text);
  if (notice.action === "reopen") {
    await commentOnce(github, issue, `rollback reopened ${job.at}`, text.comment);
    await editIssue(github, issue, { ...fields, state: "open" });
    return { state: "reopened", issue };
  }
  if (before && saysSame(before, fields)) return { state: "unchanged", issue };
  await editIssue(github, issue, fields);
  return { state: "updated", issue };
}

/** Another run may have created one meanwhile, so that one looks again afterwards, and the oldest stays. */
async function create(github: GitHub, { notice: { memory }, text, owner }: NoticeJob): Promise<RollbackIssueOutcome> {
  const ours = async () => (await listRollbackIssues(github)).get(memory.model) ?? [];
  const open = (issues: readonly StoredRollbackIssue[]) => issues.filter((each) => each.open && isAbout(each, memory));
  const fields = issueFields(writeRollbackMemory(memory), text);
  const issue = { fields, labels: ["mergeml", "rollback", memory.model], owner };
  const number = await createIssue(github, issue, async () => open(await ours())[0]?.number ?? null);
  const all = await ours();
  await closeCopies(github, all);
  return { state: "created", issue: Math.min(number, ...open(all).map((each) => each.number)) };
}

function isAbout({ memory }: StoredRollbackIssue, { model, version }: RollbackMemory): boolean {
  return memory.model === model && memory.version === version && memory.closed !== "copy";
}

/** Marked, so that nobody takes one for an acknowledgement later. */
async function closeCopies(github: GitHub, issues: readonly StoredRollbackIssue[]): Promise<void> {
  for (const { number, memory, body } of rollbackCopies(issues)) {
    const marked = `${writeRollbackMemory({ ...memory, closed: "copy" })}\n${withoutHiddenLine(body)}`;
    await editIssue(github, number, { body: marked, state: "closed", state_reason: "not_planned" });
  }
}
