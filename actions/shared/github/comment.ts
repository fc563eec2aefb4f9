import type { GitHub } from "./client.ts";
import { isForbidden, orForbidden } from "./failure.ts";

/** GitHub takes so many characters. */
const commentLimit = 65_536;

export interface StickyComment {
  pullRequest: number;
  /** The first line of the body, by which the comment is found again. */
  marker: string;
  /** Without the marker. */
  body: string;
  /** A shorter body, should GitHub find this one too long. */
  shorter?: () => string;
  /** What may differ without being news, e.g. how long something took; a comment that differs in nothing else is left alone. */
  incidental?: RegExp;
  /** Only bring an existing comment up to date. */
  onlyUpdate?: boolean;
}

export type CommentOutcome = "created" | "updated" | "unchanged" | "none" | "forbidden";

interface Found {
  id: number;
  body: string;
}

/**
 * Keeps one comment per pull request and marker: creates it, brings it up to date, leaves it alone when nothing changed, and
 * removes copies that a race left. A comment counts only when its first line is the marker and we wrote it: a person who
 * quotes or copies it is not us.
 */
export async function upsertComment(github: GitHub, sticky: StickyComment): Promise<CommentOutcome> {
  return orForbidden(async () => {
    const mine = await findComments(github, sticky.pullRequest, sticky.marker);
    const [kept, ...copies] = mine;
    await deleteCopies(github, copies);
    const body = `${sticky.marker}\n${sticky.body}`.slice(0, commentLimit);
    if (!kept && sticky.onlyUpdate) return "none";
    if (!kept) return createOnce(github, sticky, body);
    if (sameText(kept.body, body, sticky.incidental)) return "unchanged";
    await fitting(sticky, body, (text) =>
      github.octokit.rest.issues.updateComment({ ...repository(github), comment_id: kept.id, body: text }),
    );
    return "updated";
  });
}

/** Text of our comment on a pull request; null when there is none. */
export async function readComment(github: GitHub, pullRequest: number, marker: string): Promise<string | null> {
  const [first] = await findComments(github, pullRequest, marker);
  return first?.body ?? null;
}

/** Another run may have created it meanwhile, so that one looks again afterwards, and the oldest stays. */
async function createOnce(github: GitHub, sticky: StickyComment, body: string): Promise<CommentOutcome> {
  await fitting(sticky, body, (text) =>
    github.octokit.rest.issues.createComment({ ...repository(github), issue_number: sticky.pullRequest, body: text }),
  );
  const [first, ...copies] = await findComments(github, sticky.pullRequest, sticky.marker);
  await deleteCopies(github, copies);
  if (copies.length > 0 && first && !sameText(first.body, body)) {
    await github.octokit.rest.issues.updateComment({ ...repository(github), comment_id: first.id, body });
  }
  return "created";
}

/** A run beside this one may have deleted the same copy already. */
async function deleteCopies(github: GitHub, copies: readonly Found[]): Promise<void> {
  for (const { id } of copies) {
    try {
      await github.octokit.rest.issues.deleteComment({ ...repository(github), comment_id: id });
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw error;
    }
  }
}

/** Oldest first, of all pages. */
async function findComments(github: GitHub, pullRequest: number, marker: string): Promise<Found[]> {
  const login = await ownLogin(github);
  const found: Found[] = [];
  const pages = github.octokit.paginate.iterator(github.octokit.rest.issues.listComments, {
    ...repository(github),
    issue_number: pullRequest,
    per_page: 100,
  });
  for await (const { data } of pages) {
    for (const { id, body = "", user } of data) {
      const isOurs = user?.login === (login ?? workflowLogin);
      if (isOurs && body.split(/\r?\n/, 1)[0] === marker) found.push({ id, body });
    }
  }
  return found.sort((a, b) => a.id - b.id);
}

/** A workflow's token cannot ask who it is; its comments are by this bot, whose name no person and no other app can have. */
const workflowLogin = "github-actions[bot]";

/** Whose token it is; null for a workflow's own, which may not ask. */
async function ownLogin({ octokit }: GitHub): Promise<string | null> {
  try {
    const { data } = await octokit.rest.users.getAuthenticated();
    return data.login;
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

/** GitHub counts characters its own way; what it finds too long is sent once more, shorter. */
async function fitting(sticky: StickyComment, body: string, send: (text: string) => Promise<unknown>): Promise<void> {
  try {
    await send(body);
  } catch (error) {
    if ((error as { status?: number }).status !== 422 || !sticky.shorter) throw error;
    await send(`${sticky.marker}\n${sticky.shorter()}`);
  }
}

/** GitHub may return other line ends than it was given. */
function sameText(a: string, b: string, incidental?: RegExp): boolean {
  const told = (text: string) => (incidental ? text.replaceAll(incidental, "") : text);
  const plain = (text: string) => told(text).replaceAll("\r\n", "\n").trim();
  return plain(a) === plain(b);
}

function repository({ owner, repo }: GitHub): { owner: string; repo: string } {
  return { owner, repo };
}
