import type { Git } from "./git.ts";
import type { Identity } from "./identity.ts";
import { readAllObjects, readObject } from "./objects.ts";

/** One file of a commit: new content, an object git already has, or null to delete it. */
export interface FileChange {
  path: string;
  content: string | Uint8Array | { oid: string } | null;
}

/** A commit to be made, as data. */
export interface CommitPlan {
  message: string;
  changes: readonly FileChange[];
}

export interface CommitContext {
  identity: Identity;
  time: Date;
}

/** Never written: fast-import wants a name to build on, and the stream ends by taking it back. */
const scratchRef = "refs/mergeml/import";

/**
 * Makes a chain of commits on `parent` (null for a first commit) with one `git fast-import` and returns their ids, oldest first.
 * Work tree, index and refs stay as they are: until a ref is moved to them, the commits are garbage git collects by itself.
 */
export async function makeCommits(
  git: Git,
  parent: string | null,
  plans: readonly CommitPlan[],
  context: CommitContext,
): Promise<string[]> {
  const input = importStream(parent, plans, context, "0".repeat(parent?.length ?? (await idLength(git))));
  const output = await git.text(["fast-import", "--quiet", "--done", "--date-format=raw"], { input });
  const ids = output.split("\n");
  return context.identity.sign ? signChain(git, parent, ids, context) : ids;
}

async function idLength(git: Git): Promise<number> {
  const [head] = await readAllObjects(git, ["HEAD"]);
  if (head) return head.oid.length;
  return (await git.text(["rev-parse", "--show-object-format"])) === "sha256" ? 64 : 40;
}

/** Seconds since 1970 and the zone, as git writes dates. */
function gitDate(time: Date): string {
  return `${Math.floor(time.getTime() / 1000)} +0000`;
}

function importStream(
  parent: string | null,
  plans: readonly CommitPlan[],
  { identity, time }: CommitContext,
  nullId: string,
): Buffer {
  const parts: (string | Uint8Array)[] = [];
  const when = gitDate(time);
  plans.forEach(({ message, changes }, index) => {
    parts.push(
      `commit ${scratchRef}\nmark :${index + 1}\n`,
      `author ${identity.author} ${when}\ncommitter ${identity.committer} ${when}\n`,
    );
    parts.push(...data(message));
    if (index === 0 && parent) parts.push(`from ${parent}\n`);
    for (const change of changes) parts.push(...fileCommand(change));
    parts.push("\n");
  });
  parts.push(...plans.map((_, index) => `get-mark :${index + 1}\n`));
  parts.push(`reset ${scratchRef}\nfrom ${nullId}\n\ndone\n`);
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

function fileCommand({ path, content }: FileChange): (string | Uint8Array)[] {
  const quoted = `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
  if (content === null) return [`D ${quoted}\n`];
  if (typeof content === "object" && "oid" in content) return [`M 100644 ${content.oid} ${quoted}\n`];
  return [`M 100644 inline ${quoted}\n`, ...data(content)];
}

function data(content: string | Uint8Array): (string | Uint8Array)[] {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return [`data ${bytes.length}\n`, bytes, "\n"];
}

/** fast-import cannot sign, so the chain is made once more over the same trees when `commit.gpgSign` asks for it. */
async function signChain(
  git: Git,
  parent: string | null,
  ids: readonly string[],
  context: CommitContext,
): Promise<string[]> {
  const signed: string[] = [];
  const env = { GIT_AUTHOR_DATE: `@${gitDate(context.time)}`, GIT_COMMITTER_DATE: `@${gitDate(context.time)}` };
  for (const id of ids) {
    const above = signed.at(-1) ?? parent;
    const raw = await readObject(git, id);
    const message = raw.subarray(raw.indexOf("\n\n") + 2);
    const args = ["commit-tree", "-S", `${id}^{tree}`, ...(above ? ["-p", above] : []), "-F", "-"];
    signed.push(await git.text(args, { input: message, env }));
  }
  return signed;
}
