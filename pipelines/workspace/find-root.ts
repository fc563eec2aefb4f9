import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors/user-error.ts";

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
