import { existsSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { RepositoryConfig } from "../config/model-config.ts";
import { isStoreAddress } from "../config/store-address.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Git } from "../registry/git/git.ts";
import { writeAside } from "./write-aside.ts";

const marks = ["mergeml.yaml", ".git"];

/** The nearest folder at or above `directory` that has a mergeml.yaml or is a git work tree, with links resolved. */
export function findRoot(directory: string): string {
  const start = existing(directory);
  for (let folder = start; ; folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
    if (folder === dirname(folder)) break;
  }
  throw new UserError({
    message: `${start} is not in a git repository`,
    hint: "mergeml keeps its registry on a git branch: run 'git init' first, or name a repository with -C <dir>",
  });
}

/** As `findRoot`, for a folder that somebody named for new models: inside a larger repository it is a root of its own. */
export function namedRoot(directory: string): string {
  const found = findRoot(directory);
  return existsSync(join(found, "mergeml.yaml")) ? found : existing(directory);
}

function existing(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (cause) {
    throw new UserError({ message: `no folder ${directory}`, hint: "-C names an existing repository" }, { cause });
  }
}

const folder = ".mergeml";

/**
 * Makes `.mergeml/`, where cache, candidates and (by default) datasets lie, with a .gitignore inside: nobody commits them
 * by accident. Committed files there are refused: a pull request could plant results that a later run takes for its own.
 */
export async function prepareLocalFolder(
  root: string,
  git: Pick<Git, "text">,
  { store }: Pick<RepositoryConfig, "store">,
): Promise<void> {
  const places = isAbsolute(store) || isStoreAddress(store) ? [folder] : [folder, store];
  const committed = await git.text(["ls-files", "--", ...places.map((place) => `:(literal)${place}`)]);
  if (committed !== "") throw new UserError(planted(committed.split("\n")));
  const ignore = join(root, folder, ".gitignore");
  if (!existsSync(ignore)) await writeAside(ignore, "*\n");
}

function planted([first = "", ...more]: readonly string[]) {
  return {
    message: `${first}${more.length > 0 ? ` and ${more.length} more files are` : " is"} committed, but what mergeml computes is never taken from git`,
    hint: `take them out: git rm -r --cached ${first.split("/").slice(0, 1).join("/")} && git commit`,
  };
}
