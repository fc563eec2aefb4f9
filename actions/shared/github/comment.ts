import { createdOnce, type GitHub, orForbidden, refused, statusOf } from "./client.ts";
import { ownLogin } from "./own-login.ts";

/** GitHub takes so many characters. */
const commentLimit = 65_536;

interface StickyComment {
  pullRequest: number;
  /** The first line of the body, by which the comment is found again. */
  marker: string;
  /** The text below the marker, in at most `limit` characters; asked again for less when GitHub finds it too long. */
  body: (limit: number) => string;
  /** Markdown that says where the whole text is, should `body` give more than it may. */
  elsewhere: string;
  /** What may differ without being news, e.g. how long something took; a comment that differs in nothing else is left alone. */
  incidental?: RegExp;
  /** Only bring an existing comment up to date. */
  onlyUpdate?: boolean;
}

type CommentOutcome = "created" | "updated" | "unchanged" | "none" | "forbidden";

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
    const login = await ownLogin(github);
    const find = () => findComments(github, sticky, login);
    const [kept, ...copies] = await find();
    await deleteCopies(github, copies);
    if (kept && sameText(kept.body, textOf(sticky), sticky.incidental)) return "unchanged";
    if (kept && (await update(github, sticky, kept.id))) return "updated";
    if (sticky.onlyUpdate) return "none";
    await create(github, sticky, find);
    return "created";
  });
}

/** Text of our comment on a pull request; null when there is none. */
export async function readComment(github: GitHub, pullRequest: number, marker: string): Promise<string | null> {
  const [first] = await findComments(github, { pullRequest, marker }, await ownLogin(github));
  return first?.body ?? null;
}

/** Another run may have created it meanwhile, so that one looks again afterwards, and the oldest stays. */
async function create(github: GitHub, sticky: StickyComment, find: () => Promise<Found[]>): Promise<void> {
  const issue = { ...repository(github), issue_number: sticky.pullRequest };
  await createdOnce<unknown>(github, {
    create: () => fitting(sticky, (body) => github.octokit.rest.issues.createComment({ ...issue, body })),
    find: async () => (await find())[0] ?? null,
  });
  const [first, ...copies] = await find();
  await deleteCopies(github, copies);
  if (copies.length > 0 && first && !sameText(first.body, textOf(sticky))) await update(github, sticky, first.id);
}

/** false: somebody deleted it meanwhile. */
async function update(github: GitHub, sticky: StickyComment, id: number): Promise<boolean> {
  const comment = { ...repository(github), comment_id: id };
  return unlessGone(() => fitting(sticky, (body) => github.octokit.rest.issues.updateComment({ ...comment, body })));
}

/** A run beside this one may have deleted the same copy already. */
async function deleteCopies(github: GitHub, copies: readonly Found[]): Promise<void> {
  for (const { id } of copies)
    await unlessGone(() => github.octokit.rest.issues.deleteComment({ ...repository(github), comment_id: id }));
}

async function unlessGone(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

/** Oldest first, of all pages. */
async function findComments(
  github: GitHub,
  { pullRequest, marker }: { pullRequest: number; marker: string },
  login: string,
): Promise<Found[]> {
  const found: Found[] = [];
  const pages = github.octokit.paginate.iterator(github.octokit.rest.issues.listComments, {
    ...repository(github),
    issue_number: pullRequest,
    per_page: 100,
  });
  for await (const { data } of pages) {
    for (const { id, body = "", user } of data) {
      if (user?.login === login && body.split(/\r?\n/, 1)[0] === marker) found.push({ id, body });
    }
  }
  return found.sort((a, b) => a.id - b.id);
}

/** GitHub counts characters its own way; what it finds too long is sent once more, shorter. */
async function fitting<T>(sticky: StickyComment, send: (text: string) => Promise<T>): Promise<T> {
  try {
    return await send(textOf(sticky));
  } catch (error) {
    if (statusOf(error) !== 422) throw error;
  }
  try {
    return await send(textOf(sticky, commentLimit / 2));
  } catch (error) {
    throw statusOf(error) === 422 ? refused(error, `the comment on pull request ${sticky.pullRequest}`) : error;
  }
}

function textOf({ marker, body, elsewhere }: StickyComment, limit = commentLimit): string {
  const room = limit - marker.length - 1;
  return `${marker}\n${cutMarkdown(body(room), room, `**Cut here, because a comment has a limit.** ${elsewhere}`)}`;
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

/** Room for what closes open folds and code. */
const closing = 200;

/**
 * Markdown in at most `limit` UTF-16 units (GitHub counts characters, which are never more): cut before a heading, else
 * before a paragraph or a line, with open folds and code closed and `note` below.
 */
export function cutMarkdown(text: string, limit: number, note: string): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, Math.max(0, limit - note.length - closing)).toWellFormed();
  const heading = [...head.matchAll(/\n(?=#{1,6} )/g)].at(-1)?.index ?? 0;
  const end = heading || Math.max(head.lastIndexOf("\n\n"), 0) || Math.max(head.lastIndexOf("\n"), 0) || head.length;
  const kept = head.slice(0, end).trimEnd();
  return `${kept}${closed(kept)}\n\n${note}`.slice(0, limit).toWellFormed();
}

function closed(kept: string): string {
  const count = (pattern: RegExp) => kept.match(pattern)?.length ?? 0;
  const fence = count(/^```/gm) % 2 === 1 ? "\n```" : "";
  const folds = Math.max(0, count(/<details\b/g) - count(/<\/details>/g));
  return fence + "\n\n</details>".repeat(Math.min(folds, 10));
}
