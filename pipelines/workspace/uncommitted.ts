import { posix } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Files that a model is made of and that differ from the last commit: its folder, mergeml.yaml, the feature views that it reads, and the data files that its query
 * names, or all of the data folders' when it names them by a pattern. What git ignores is not meant to be in a commit. As git
 * writes paths: from the top of the work tree.
 */
export async function uncommittedInputs(
  { git, repository }: Pick<Workspace, "git" | "repository">,
  { config, query }: LoadedModel,
): Promise<string[]> {
  const views = config.features.composition?.views ?? [];
  const ofViews = views.flatMap(({ name }) => [`features/${name}.sql`, `features/${name}.yaml`]);
  const own = [`models/${config.name}`, "mergeml.yaml", ...ofViews];
  const [changed, data] = await Promise.all([listChanged({ git }, own), listChanged({ git }, repository.data)]);
  const hasPattern = /['"][^'"\n]*[*?[][^'"\n]*['"]/.test(query.text);
  const read = data.filter((path) => hasPattern || query.text.includes(posix.basename(path)));
  return [...new Set([...changed, ...read])].sort();
}

async function listChanged({ git }: Pick<Workspace, "git">, paths: readonly string[]): Promise<string[]> {
  const args = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--"];
  const listed = await git.text([...args, ...paths.map((path) => `:(literal)${path}`)]);
  return listed
    .split("\0")
    .map((line) => line.slice("XY ".length))
    .filter(Boolean);
}
