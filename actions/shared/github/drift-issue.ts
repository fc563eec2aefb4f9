import { copiesOf, type KnownIssue, type NoticeDecision } from "../../../pipelines/drift/notice/decide-notice.ts";
import { type NoticeMemory, readMemory, writeMemory } from "../../../pipelines/drift/notice/notice-memory.ts";
import type { NoticeText } from "../../../pipelines/drift/notice/notice-text.ts";
import type { GitHub } from "./client.ts";
import {
  commentOnce,
  createIssue,
  editIssue,
  isOff,
  issueFields,
  listOwnIssues,
  saysSame,
  withoutHiddenLine,
} from "./own-issue.ts";

/** One of our issues with its text, so that what did not change is not written. */
export interface StoredIssue extends KnownIssue {
  title: string;
  body: string;
}

/** `off`: the repository has no issues, or the token may not write them. */
export type NoticeOutcome =
  | { state: "created" | "updated" | "unchanged" | "closed" | "reopened"; issue: number }
  | { state: "none" | "off" };

/**
 * All drift issues that we wrote, open and closed, by model. A person who copies one is not us, and an issue whose hidden
 * line was damaged is a person's now.
 */
export async function listDriftIssues(github: GitHub): Promise<Map<string, StoredIssue[]>> {
  const found = (await listOwnIssues(github, ["mergeml", "drift"])).flatMap((issue): StoredIssue[] => {
    const memory = readMemory(issue.body);
    return memory === null ? [] : [{ ...issue, memory }];
  });
  return Map.groupBy(found, ({ memory }) => memory.model);
}

/** Does what was decided. Doing it twice, or beside another run, ends with the same one issue. */
export async function applyNotice(
  github: GitHub,
  { decision, known, text }: { decision: NoticeDecision; known: readonly StoredIssue[]; text: NoticeText },
): Promise<NoticeOutcome> {
  try {
    await closeCopies(github, known);
    return await act(github, decision, known, text);
  } catch (error) {
    if (isOff(error)) return { state: "off" };
    throw error;
  }
}

async function act(
  github: GitHub,
  decision: NoticeDecision,
  known: readonly StoredIssue[],
  text: NoticeText,
): Promise<NoticeOutcome> {
  if (decision.action === "nothing") return { state: "none" };
  if (decision.action === "create") return create(github, decision.memory, text);
  const { issue, memory } = decision;
  const before = known.find(({ number }) => number === issue);
  if (decision.action === "update") return update(github, before, memory, text);
  // Said first: a run that dies in between is finished by the next one, which says nothing twice.
  await commentOnce(github, issue, `drift ${decision.action} ${memory.to}`, text.comment);
  if (decision.action === "close") {
    // The text stays as it was: it tells of the drift, the comment of its end.
    const body = `${writeMemory(memory)}\n${withoutHiddenLine(before?.body ?? "")}`;
    await editIssue(github, issue, { body, state: "closed", state_reason: "completed" });
    return { state: "closed", issue };
  }
  await editIssue(github, issue, { ...written(memory, text), state: "open" });
  return { state: "reopened", issue };
}

async function update(
  github: GitHub,
  before: StoredIssue | undefined,
  memory: NoticeMemory,
  text: NoticeText,
): Promise<NoticeOutcome> {
  if (!before) return { state: "none" };
  const after = written(memory, text);
  if (saysSame(before, after)) return { state: "unchanged", issue: before.number };
  await editIssue(github, before.number, after);
  return { state: "updated", issue: before.number };
}

/** Another run may have created one meanwhile, so that one looks again afterwards, and the oldest stays. */
async function create(github: GitHub, memory: NoticeMemory, text: NoticeText): Promise<NoticeOutcome> {
  const ours = async () => (await listDriftIssues(github)).get(memory.model) ?? [];
  const issue = { fields: written(memory, text), labels: ["mergeml", "drift", memory.model], owner: text.owner };
  const number = await createIssue(github, issue, async () => (await ours()).find(({ open }) => open)?.number ?? null);
  const all = await ours();
  await closeCopies(github, all);
  return { state: "created", issue: Math.min(number, ...all.filter(({ open }) => open).map((each) => each.number)) };
}

/** Marked, so that nobody takes one for an acknowledgement later. */
async function closeCopies(github: GitHub, issues: readonly StoredIssue[]): Promise<void> {
  for (const { number, memory, body } of copiesOf(issues)) {
    const marked = `${writeMemory({ ...memory, closed: "copy" })}\n${withoutHiddenLine(body)}`;
    await editIssue(github, number, { body: marked, state: "closed", state_reason: "not_planned" });
  }
}

function written(memory: NoticeMemory, text: NoticeText): { title: string; body: string } {
  return issueFields(writeMemory(memory), text);
}
