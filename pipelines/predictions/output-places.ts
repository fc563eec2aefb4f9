import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { lstat, mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors/user-error.ts";

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
