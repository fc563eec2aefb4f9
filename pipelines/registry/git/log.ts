import type { Git } from "./git.ts";

/** One file that a commit changed against its first parent. `before` and `after` are blob ids, null where there is none. */
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
  changes: readonly LoggedChange[];
}

export interface LogQuery {
  tip: string;
  /** Leaves out this commit and what came before it. */
  after?: string;
  /** Exact files or folders; without them every commit and file. Exact ones are fast: git then opens no other folder. */
  paths?: readonly string[];
  oldestFirst?: boolean;
  /** false leaves out what the commits changed, which is several times faster. */
  withChanges?: boolean;
}

const format = "%H%x00%P%x00%an%x00%ct%x00%B%x00";
const fieldCount = 5;

/** Commits that changed the paths, newest first, along first parents, with what each changed. Leaving the loop stops git. */
export async function* readLog(
  git: Git,
  { tip, after, paths = [], oldestFirst, withChanges = true }: LogQuery,
): AsyncGenerator<LoggedCommit> {
  const args = ["log", "-z", "--first-parent", `--format=${format}`];
  if (withChanges) args.push("--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--root", "-m");
  if (oldestFirst) args.push("--reverse");
  let fields: string[] = [];
  let changes: LoggedChange[] = [];
  let raw: string | null = null;
  for await (const batch of tokens(git.stream([...args, tip, ...(after ? [`^${after}`] : []), "--", ...paths]))) {
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
