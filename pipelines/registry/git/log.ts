import type { Git } from "./git.ts";

/** One file that a commit changed against its parent. `before` and `after` are blob ids, null where there is none. */
export interface LoggedChange {
  path: string;
  before: string | null;
  after: string | null;
  /** Of the new file: 100644 for a plain one. */
  mode: string;
}

export interface LoggedCommit {
  commit: string;
  parents: readonly string[];
  author: string;
  /** ISO, UTC: when it was committed. */
  time: string;
  subject: string;
  message: string;
  /** Empty for a merge: `readMergeChanges` has them. */
  changes: readonly LoggedChange[];
}

export interface LogQuery {
  tip: string;
  /** Leaves out this commit and what came before it. */
  after?: string;
  /** Exact files or folders; without them every commit and file. Exact ones are fast: git then opens no other folder. */
  paths?: readonly string[];
  /** Parents before children, and by time where histories ran side by side. */
  oldestFirst?: boolean;
  /** false leaves out what the commits changed, which is several times faster. */
  withChanges?: boolean;
}

const format = "%H%x00%P%x00%an%x00%ct%x00%B%x00";
const fieldCount = 5;

/**
 * Commits that changed the paths, and every merge, newest first, with what each changed. All sides of a merge are followed, and
 * a merge comes before what it brought together. Leaving the loop stops git.
 */
export async function* readCommits(
  git: Git,
  { tip, after, paths = [], oldestFirst, withChanges = true }: LogQuery,
): AsyncGenerator<LoggedCommit> {
  // Who lists commits without what they changed looks into some of them next.
  await git.history();
  const args = ["log", "-z", `--format=${format}`];
  if (withChanges) args.push("--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--root");
  if (oldestFirst) args.push("--reverse", "--date-order");
  // Parents are rewritten so that merges are listed, whatever they changed.
  if (paths.length > 0) args.push("--full-history", "--parents");
  let fields: string[] = [];
  let changes: LoggedChange[] = [];
  let raw: string | null = null;
  for await (const batch of tokens(
    git.stream([...args, tip, ...(after ? [`^${after}`] : []), "--", ...paths.map(fromTop)]),
  )) {
    for (const token of batch) {
      if (fields.length < fieldCount) {
        fields.push(token);
      } else if (raw !== null) {
        changes.push(parseChange(raw, token));
        raw = null;
      } else if (/^\n?:/.test(token)) {
        raw = token.trimStart();
      } else if (token !== "") {
        yield parseCommit(fields, changes);
        [fields, changes] = [[token], []];
      }
    }
  }
  if (fields.length === fieldCount) yield parseCommit(fields, changes);
}

/** The registry's paths are its own, also for models in a folder of a larger repository, where git stands in that folder. */
function fromTop(path: string): string {
  return path.startsWith(":") ? path : `:(top)${path}`;
}

function parseCommit(fields: readonly string[], changes: readonly LoggedChange[]): LoggedCommit {
  const [commit = "", parents = "", author = "", seconds = "", message = ""] = fields;
  return {
    commit,
    parents: parents.split(" ").filter(Boolean),
    author,
    time: new Date(Number(seconds) * 1000).toISOString(),
    subject: message.split("\n", 1)[0] ?? "",
    message,
    changes,
  };
}

/** `:<old mode> <new mode> <old id> <new id> <status>`; an id of zeros is no file. */
function parseChange(raw: string, path: string): LoggedChange {
  const [, mode = "", before = "", after = ""] = raw.split(" ");
  const id = (text: string) => (/^0+$/.test(text) ? null : text);
  return { path, mode, before: id(before), after: id(after) };
}

/** What a merge changed against each of its parents, in their order. */
export type MergeChanges = LoggedChange[][];

/** What merges changed, in the order of `merges`, with one git command. */
export async function readMergeChanges(
  git: Git,
  merges: readonly Pick<LoggedCommit, "commit" | "parents">[],
): Promise<MergeChanges[]> {
  if (merges.length === 0) return [];
  const input = merges.flatMap(({ commit, parents }) => parents.map((parent) => `${commit} ${parent}\n`)).join("");
  const args = ["diff-tree", "--stdin", "--always", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"];
  const output = await git.text(args, { input });
  const sides: LoggedChange[][] = [];
  let raw: string | null = null;
  for (const token of output.split("\0")) {
    if (raw !== null) {
      sides.at(-1)?.push(parseChange(raw, token));
      raw = null;
    } else if (token.startsWith(":")) raw = token;
    else if (token !== "") sides.push([]);
  }
  let next = 0;
  return merges.map(({ parents }) => sides.slice(next, (next += parents.length)));
}

/** NUL-terminated texts, as many at a time as git wrote: a turn of the event loop for each would cost more than reading it. */
async function* tokens(source: AsyncGenerator<Buffer>): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    const buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = buffer.lastIndexOf(0) + 1;
    if (end > 0) yield buffer.toString("utf8", 0, end - 1).split("\0");
    rest = Buffer.from(buffer.subarray(end));
  }
  if (rest.length > 0) yield [rest.toString("utf8")];
}
