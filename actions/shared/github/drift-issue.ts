import { copiesOf, type KnownIssue, type NoticeDecision } from "../../../pipelines/drift/notice/decide-notice.ts";
import { type NoticeMemory, readMemory, writeMemory } from "../../../pipelines/drift/notice/notice-memory.ts";
import type { NoticeText } from "../../../pipelines/drift/notice/notice-text.ts";
import type { GitHub } from "./client.ts";
import { upsertComment } from "./comment.ts";
import { createOnce } from "./create-once.ts";
import { cutMarkdown } from "./cut-markdown.ts";
import { statusOf } from "./failure.ts";
import { ownLogin } from "./own-login.ts";

/** GitHub takes so many characters of a title and of a body. */
const [titleLimit, bodyLimit] = [256, 65_536];

const cutNote = "**Cut here, because an issue has a limit.**";

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
  const { octokit, owner, repo } = github;
  const login = await ownLogin(github);
  const found: StoredIssue[] = [];
  const request = { owner, repo, labels: "mergeml,drift", state: "all" as const, per_page: 100 };
  for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listForRepo, request)) {
    for (const { number, state, title, body, user, pull_request } of data) {
      const memory = readMemory(body ?? "");
      if (memory === null || pull_request || user?.login !== login) continue;
      found.push({ number, open: state === "open", title, body: body ?? "", memory });
    }
  }
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

/** 410 says that issues are switched off, 403 and 404 that we may not write them. */
function isOff(error: unknown): boolean {
  return [403, 404, 410].includes(statusOf(error) ?? 0);
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
  await comment(github, issue, `${decision.action} ${memory.to}`, text.comment);
  if (decision.action === "close") {
    // The text stays as it was: it tells of the drift, the comment of its end.
    const body = `${writeMemory(memory)}\n${withoutMemory(before?.body ?? "")}`;
    await edit(github, issue, { body, state: "closed", state_reason: "completed" });
    return { state: "closed", issue };
  }
  await edit(github, issue, { ...written(memory, text), state: "open" });
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
  const same = before.title === after.title && plain(before.body) === plain(after.body);
  if (same) return { state: "unchanged", issue: before.number };
  await edit(github, before.number, after);
  return { state: "updated", issue: before.number };
}

/** Another run may have created one meanwhile, so that one looks again afterwards, and the oldest stays. */
async function create(github: GitHub, memory: NoticeMemory, text: NoticeText): Promise<NoticeOutcome> {
  const { octokit, owner, repo } = github;
  const labels = ["mergeml", "drift", memory.model];
  const issue = { owner, repo, labels, ...written(memory, text) };
  const assignee = /^@([^/]+)$/.exec(text.owner ?? "")?.[1];
  const ours = async () => (await listDriftIssues(github)).get(memory.model) ?? [];
  const send = async (assignees: string[]) => {
    const { data } = await octokit.rest.issues.create({ ...issue, ...(assignees.length > 0 ? { assignees } : {}) });
    return data.number;
  };
  const number = await createOnce(github, {
    create: () =>
      send(assignee ? [assignee] : []).catch((error: unknown) => {
        // An owner who cannot be assigned is still mentioned in the text.
        if (statusOf(error) !== 422 || !assignee) throw error;
        return send([]);
      }),
    find: async () => (await ours()).find(({ open }) => open)?.number ?? null,
  });
  const all = await ours();
  await closeCopies(github, all);
  return { state: "created", issue: Math.min(number, ...all.filter(({ open }) => open).map((each) => each.number)) };
}

/** Marked, so that nobody takes one for an acknowledgement later. */
async function closeCopies(github: GitHub, issues: readonly StoredIssue[]): Promise<void> {
  for (const { number, memory, body } of copiesOf(issues)) {
    const marked = `${writeMemory({ ...memory, closed: "copy" })}\n${withoutMemory(body)}`;
    await edit(github, number, { body: marked, state: "closed", state_reason: "not_planned" });
  }
}

interface Edit {
  title?: string;
  body: string;
  state?: "open" | "closed";
  state_reason?: "completed" | "not_planned";
}

async function edit({ octokit, owner, repo }: GitHub, issue: number, change: Edit): Promise<void> {
  await octokit.rest.issues.update({ owner, repo, issue_number: issue, ...change });
}

/** Once for an event and window, whoever does it. */
async function comment(github: GitHub, issue: number, event: string, body: string): Promise<void> {
  const sticky = { pullRequest: issue, marker: `<!-- mergeml:drift ${event} -->`, body: () => body, elsewhere: "" };
  await upsertComment(github, sticky);
}

function written(memory: NoticeMemory, { title, body }: NoticeText): { title: string; body: string } {
  const line = writeMemory(memory);
  return {
    title: title.slice(0, titleLimit).toWellFormed(),
    body: `${line}\n${cutMarkdown(body, bodyLimit - line.length - 1, cutNote)}`,
  };
}

function withoutMemory(body: string): string {
  return body.replace(/^.*\r?\n?/, "");
}

/** GitHub may return other line ends than it was given. */
function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").trim();
}
