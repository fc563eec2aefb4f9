import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { findRoot } from "../../pipelines/workspace/find-root.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A file of the models' folder as the repository has it, which is what GitHub asks for in an annotation: the models may lie
 * in a folder of a larger repository.
 */
export function pathInRepository(file: string, env: Environment): string {
  const prefix = folderInRepository(join(env.GITHUB_WORKSPACE ?? ".", env["INPUT_WORKING-DIRECTORY"] ?? ""));
  return prefix === "" ? file : `${prefix.split(sep).join("/")}/${file}`;
}

function folderInRepository(directory: string): string {
  if (!existsSync(directory)) return "";
  const root = findRoot(directory);
  for (let top = root; ; top = dirname(top)) {
    if (existsSync(join(top, ".git"))) return relative(top, root);
    if (top === dirname(top)) return "";
  }
}
