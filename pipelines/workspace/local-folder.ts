import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { RepositoryConfig } from "../config/model-config.ts";
import { isStoreAddress } from "../config/store-address.ts";
import { UserError } from "../errors/user-error.ts";
import type { Git } from "../registry/git/git.ts";
import { writeAside } from "./write-aside.ts";

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
