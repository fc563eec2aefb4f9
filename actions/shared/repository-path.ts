import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { findRoot } from "../../pipelines/workspace/find-root.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A file of the models' folder as the repository has it, which is what GitHub asks for in an annotation: the models may lie
 * in a folder of a larger repository.
 */
export function pathInRepository(file: string, env: Environment): string {
  const folder = modelsFolder(env);
  return folder === "" ? file : `${folder}/${file}`;
}

/** The folder of mergeml.yaml and models/ in the repository, empty for the repository itself. */
export function modelsFolder(env: Environment): string {
  const directory = join(env.GITHUB_WORKSPACE ?? ".", env["INPUT_WORKING-DIRECTORY"] ?? "");
  if (!existsSync(directory)) return "";
  const root = findRoot(directory);
  for (let top = root; ; top = dirname(top)) {
    if (existsSync(join(top, ".git"))) return relative(top, root).split(sep).join("/");
    if (top === dirname(top)) return "";
  }
}
