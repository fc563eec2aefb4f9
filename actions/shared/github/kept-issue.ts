import {
  type BlockedMemory,
  type BlockedNotice,
  blockedCopies,
  readBlockedMemory,
  writeBlockedMemory,
} from "../../../pipelines/watch/notice/blocked-memory.ts";
import type { GitHub } from "./client.ts";
import {
  commentOnce,
  createIssue,
  editIssue,
  type IssueFields,
  isOff,
  issueFields,
  listOwnIssues,
  type OwnIssue,
  saysSame,
  withoutHiddenLine,
} from "./own-issue.ts";

/** What every issue that is kept up to date remembers in its hidden line. */
interface Memory {
  model: string;
  closed: string | null;
}

/** One of our issues with its text, so that what did not change is not written. */
export interface KeptIssue<M extends Memory> extends OwnIssue {
  memory: M;
}

/** A kind of issue that runs keep up to date: how it is found again, and told from its copies. */
export interface IssueKind<M extends Memory> {
  /** Beside `mergeml` and the model's name. */
  label: string;
  /** null for an issue whose hidden line was damaged: it is a person's now. */
  read(body: string): M | null;
  write(memory: M): string;
  /** `memory` of an issue that parallel runs wrote beside another. */
  asCopy(memory: M): M;
  /** Open ones beside those that stay. */
  copies(issues: readonly KeptIssue<M>[]): KeptIssue<M>[];
  /** Whether two of a model tell of the same. */
  isSame(one: M, other: M): boolean;
}

/** What is to be done about an issue; `memory` is what it remembers afterwards. */
type IssueStep<M extends Memory> =
  | { action: "nothing" }
  | { action: "create"; memory: M }
  | { action: "update" | "close" | "reopen"; issue: number; memory: M };

interface IssueJob<M extends Memory> {
  step: IssueStep<M>;
  /** All of its model. */
  known: readonly KeptIssue<M>[];
  /** `comment` says why it was closed or opened again, once for its `marker`. */
  text: IssueFields & { comment: string; marker: string };
  owner: string | null;
}

/** `off`: the repository has no issues, or the token may not write them. */
export type IssueOutcome =
  | { state: "created" | "updated" | "unchanged" | "closed" | "reopened"; issue: number }
  | { state: "none" | "off" };

/** All issues of a kind that we wrote, open and closed, by model. A person who copies one is not us. */
export async function listKeptIssues<M extends Memory>(
  github: GitHub,
  kind: IssueKind<M>,
): Promise<Map<string, KeptIssue<M>[]>> {
  const found = (await listOwnIssues(github, ["mergeml", kind.label])).flatMap((issue): KeptIssue<M>[] => {
    const memory = kind.read(issue.body);
    return memory === null ? [] : [{ ...issue, memory }];
  });
  return Map.groupBy(found, ({ memory }) => memory.model);
}

/** Does what was decided. Doing it twice, or beside another run, ends with the same one issue. */
export async function keepIssue<M extends Memory>(
  github: GitHub,
  kind: IssueKind<M>,
  job: IssueJob<M>,
): Promise<IssueOutcome> {
  try {
    await closeCopies(github, kind, job.known);
    return await act(github, kind, job);
  } catch (error) {
    if (isOff(error)) return { state: "off" };
    throw error;
  }
}

async function act<M extends Memory>(github: GitHub, kind: IssueKind<M>, job: IssueJob<M>): Promise<IssueOutcome> {
  const { step, known, text } = job;
  if (step.action === "nothing") return { state: "none" };
  if (step.action === "create") return create(github, kind, step.memory, job);
  const { issue, memory } = step;
  const before = known.find(({ number }) => number === issue);
  const fields = issueFields(kind.write(memory), text);
  if (step.action === "update") {
    if (before && saysSame(before, fields)) return { state: "unchanged", issue };
    await editIssue(github, issue, fields);
    return { state: "updated", issue };
  }
  // Said first: a run that dies in between is finished by the next one, which says nothing twice.
  await commentOnce(github, issue, text.marker, text.comment);
  if (step.action === "reopen") {
    await editIssue(github, issue, { ...fields, state: "open" });
    return { state: "reopened", issue };
  }
  // The text stays as it was: it tells of what lasted, the comment of its end.
  const body = `${kind.write(memory)}\n${withoutHiddenLine(before?.body ?? "")}`;
  await editIssue(github, issue, { body, state: "closed", state_reason: "completed" });
  return { state: "closed", issue };
}

/** Another run may have created one meanwhile, so that one looks again afterwards, and the oldest stays. */
async function create<M extends Memory>(
  github: GitHub,
  kind: IssueKind<M>,
  memory: M,
  { text, owner }: IssueJob<M>,
): Promise<IssueOutcome> {
  const ours = async () => (await listKeptIssues(github, kind)).get(memory.model) ?? [];
  const same = (issues: readonly KeptIssue<M>[]) =>
    issues.filter((each) => each.open && kind.isSame(each.memory, memory)).map(({ number }) => number);
  const labels = ["mergeml", kind.label, memory.model];
  const issue = { fields: issueFields(kind.write(memory), text), labels, owner };
  const number = await createIssue(github, issue, async () => same(await ours())[0] ?? null);
  const all = await ours();
  await closeCopies(github, kind, all);
  return { state: "created", issue: Math.min(number, ...same(all)) };
}

/** Marked, so that nobody takes one for an acknowledgement later. */
async function closeCopies<M extends Memory>(
  github: GitHub,
  kind: IssueKind<M>,
  issues: readonly KeptIssue<M>[],
): Promise<void> {
  for (const { number, memory, body } of kind.copies(issues)) {
    const marked = `${kind.write(kind.asCopy(memory))}\n${withoutHiddenLine(body)}`;
    await editIssue(github, number, { body: marked, state: "closed", state_reason: "not_planned" });
  }
}

/** One issue a model, as long as it cannot be deployed. */
const blockedIssue: IssueKind<BlockedMemory> = {
  label: "blocked",
  read: readBlockedMemory,
  write: writeBlockedMemory,
  asCopy: (memory) => ({ ...memory, closed: "copy" }),
  copies: blockedCopies,
  isSame: () => true,
};

type StoredBlockedIssue = KeptIssue<BlockedMemory>;

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
