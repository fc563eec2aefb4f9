import { oneLine } from "../../../pipelines/errors/inert-markdown.ts";
import { createdOnce, type GitHub, statusOf } from "./client.ts";
import { cutMarkdown, upsertComment } from "./comment.ts";
import { ownLogin } from "./own-login.ts";

/** GitHub takes so many characters of a title and of a body. */
const [titleLimit, bodyLimit] = [256, 65_536];

const cutNote = "**Cut here, because an issue has a limit.**";

/** An issue that we wrote. */
export interface OwnIssue {
  number: number;
  open: boolean;
  title: string;
  body: string;
}

export interface IssueFields {
  title: string;
  body: string;
}

/** All issues with these labels that we wrote, open and closed. A person who copies one is not us. */
export async function listOwnIssues(github: GitHub, labels: readonly string[]): Promise<OwnIssue[]> {
  const { octokit, owner, repo } = github;
  const login = await ownLogin(github);
  const found: OwnIssue[] = [];
  const request = { owner, repo, labels: labels.join(","), state: "all" as const, per_page: 100 };
  for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listForRepo, request)) {
    for (const { number, state, title, body, user, pull_request } of data) {
      if (pull_request || user?.login !== login) continue;
      found.push({ number, open: state === "open", title, body: body ?? "" });
    }
  }
  return found;
}

/** Title and body with the hidden line on top, within GitHub's limits. */
export function issueFields(line: string, { title, body }: IssueFields): IssueFields {
  return {
    title: oneLine(title, titleLimit),
    body: `${line}\n${cutMarkdown(body, bodyLimit - line.length - 1, cutNote)}`,
  };
}

/** Creates an issue once, assigned to `owner` (`@user`; a team, or somebody who cannot be assigned, is only mentioned). */
export async function createIssue(
  github: GitHub,
  { fields, labels, owner: assigned }: { fields: IssueFields; labels: string[]; owner: string | null },
  find: () => Promise<number | null>,
): Promise<number> {
  const { octokit, owner, repo } = github;
  const assignee = /^@([^/]+)$/.exec(assigned ?? "")?.[1];
  const send = async (assignees: string[]) => {
    const issue = { owner, repo, labels, ...fields };
    const { data } = await octokit.rest.issues.create({ ...issue, ...(assignees.length > 0 ? { assignees } : {}) });
    return data.number;
  };
  return createdOnce(github, {
    create: () =>
      send(assignee ? [assignee] : []).catch((error: unknown) => {
        if (statusOf(error) !== 422 || !assignee) throw error;
        return send([]);
      }),
    find,
  });
}

interface IssueEdit {
  title?: string;
  body: string;
  state?: "open" | "closed";
  state_reason?: "completed" | "not_planned";
}

/** Writes what changes; the rest stays. */
export async function editIssue({ octokit, owner, repo }: GitHub, issue: number, change: IssueEdit): Promise<void> {
  await octokit.rest.issues.update({ owner, repo, issue_number: issue, ...change });
}

/** A comment that is written once for its marker, whoever does it. */
export async function commentOnce(github: GitHub, issue: number, marker: string, body: string): Promise<void> {
  const sticky = { pullRequest: issue, marker: `<!-- mergeml:${marker} -->`, body: () => body, elsewhere: "" };
  await upsertComment(github, sticky);
}

/** The body below its hidden line. */
export function withoutHiddenLine(body: string): string {
  return body.replace(/^.*\r?\n?/, "");
}

/** Whether an issue says this already; GitHub may return other line ends than it was given. */
export function saysSame(before: IssueFields, after: IssueFields): boolean {
  const plain = (text: string) => text.replaceAll("\r\n", "\n").trim();
  return before.title === after.title && plain(before.body) === plain(after.body);
}

/** 410 says that issues are switched off, 403 and 404 that we may not write them. */
export function isOff(error: unknown): boolean {
  return [403, 404, 410].includes(statusOf(error) ?? 0);
}
