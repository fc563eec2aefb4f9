import { realpath, stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { isInside } from "../data/data-folders.ts";
import { UserError } from "../errors/user-error.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** A file that a command would write, as it was named and where it is, without links. */
export interface WriteTarget {
  name: string;
  path: string;
  /** What to do instead, when it is not to add --force. */
  hint?: string;
}

/**
 * Throws UserError when a file is one that others live on: data that queries read, the prediction log, git's and mergeml's own
 * files, or a file that git keeps. What is not there yet counts too: a new file in a data folder changes what a query reads.
 */
export async function refuseProtected(workspace: Workspace, { name, path, hint }: WriteTarget): Promise<void> {
  const refusal = (message: string) => new UserError({ message, hint: hint ?? otherFile });
  const { root, repository, extraData } = workspace;
  const inFolder = async (folders: readonly string[]) => {
    for (const folder of folders) if (isInside(await real(resolve(root, folder)), path)) return folder;
    return null;
  };
  const data = await inFolder([...repository.data, ...extraData]);
  if (data !== null) throw refusal(`${name} is in a data folder (${data}), which feature queries read`);
  const log = await inFolder([repository.predictions]);
  if (log !== null) throw refusal(`${name} is in the prediction log (${log}), which drift reads`);
  const own = await inFolder([".git", ".mergeml"]);
  if (own !== null) throw refusal(`${name} is among the files of ${own === ".git" ? "git" : "mergeml"} (${own})`);
  if (await isTracked(workspace, path)) throw refusal(`${name} is a file that git keeps`);
}

const otherFile = "name another file, such as out/scored.csv, or add --force";

async function isTracked({ git, root }: Workspace, path: string): Promise<boolean> {
  const top = await real(root);
  if (!isInside(top, path)) return false;
  const place = relative(top, path).split(sep).join("/");
  return (await git.text(["ls-files", "--", `:(top,literal)${place}`])) !== "";
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Whether two paths are one file, by whatever name: a link, another case, another mount. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => stat(path, { bigint: true }).catch(() => null)));
  return (
    first !== null &&
    second !== null &&
    first !== undefined &&
    second !== undefined &&
    first.dev === second.dev &&
    first.ino === second.ino
  );
}
