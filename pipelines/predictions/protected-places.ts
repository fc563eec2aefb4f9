import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { lstat, mkdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isInside } from "../data/data-folders.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** A file that a command would write, as it was named and where it is, without links. */
interface WriteTarget {
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

/** A file that is written aside and then renamed. */
export interface OutputPlace {
  aside: string;
  path: string;
}

/** Makes the file's folder. Throws UserError when it cannot be one, or when the file's name is a folder's. */
export async function outputPlace(option: string, path: string): Promise<OutputPlace> {
  const file = await behindLink(option, path);
  const folder = await folderOf(option, file);
  const name = basename(file);
  const place = { aside: join(folder, `.${name}.${randomUUID()}.part`), path: join(folder, name) };
  if (existsSync(place.path) && statSync(place.path).isDirectory())
    throw new UserError({ message: `${option} ${path} is a folder`, hint: "name a file, such as scored.parquet" });
  return place;
}

/** Where a link leads, so that what is judged is what is written. */
async function behindLink(option: string, path: string): Promise<string> {
  const isLink = await lstat(path).then(
    (facts) => facts.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return path;
  return realpath(path).catch((cause: unknown) => {
    throw new UserError({ message: `${option} ${path} is a link to nothing`, hint: "name a file" }, { cause });
  });
}

async function folderOf(option: string, path: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await realpath(dirname(path));
  } catch (cause) {
    const message = `${option} ${path} cannot be written: ${(cause as Error).message}`;
    throw new UserError({ message, hint: "name a file in a folder that you may write to" }, { cause });
  }
}
