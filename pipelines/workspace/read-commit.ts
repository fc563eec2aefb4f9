import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { LoadedModels } from "../config/load-models.ts";
import type { Sources } from "../config/model-config.ts";
import { loadRepositoryConfig } from "../config/repository-config.ts";
import { UserError } from "../errors/user-error.ts";
import { viewsFolder } from "../features/load-views.ts";
import { GitError } from "../registry/git/failure.ts";
import { hasCommit, readObject } from "../registry/git/objects.ts";
import { readModels } from "./read-models.ts";
import type { Workspace } from "./workspace.ts";

/** Files of a model larger than this are not configs, queries or training scripts. */
const mostBytes = 5 * 1024 * 1024;
const mostFiles = 5_000;

/**
 * Reads models as they are written in a commit, without checking it out: what a pull request says is data here, and nothing
 * of it runs. Fetches the commit from the remote when it is not known. Throws UserError when there is no such commit.
 */
export async function modelsAtCommit(
  workspace: Workspace,
  commit: string,
  names: readonly string[],
): Promise<Pick<LoadedModels, "models" | "problems"> & { sources: Sources }> {
  if (names.length === 0) return { models: [], problems: [], sources: {} };
  await fetchCommit(workspace, commit);
  const root = await mkdtemp(join(tmpdir(), "mergeml-commit-"));
  try {
    await writeFiles(workspace, commit, ["mergeml.yaml", viewsFolder, ...names.map((name) => `models/${name}`)], root);
    const { config: repository, problems } = await loadRepositoryConfig(root);
    const { sources } = repository;
    if (problems.length > 0) return { models: [], problems, sources };
    return { ...(await readModels({ root, repository }, names)), sources };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Makes sure that a commit is here. Throws UserError when there is no such commit. */
export async function fetchCommit({ git, remote }: Pick<Workspace, "git" | "remote">, commit: string): Promise<void> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) throw unknownCommit(commit);
  if (await hasCommit(git, commit)) return;
  if (remote === null) throw unknownCommit(commit);
  try {
    await git.run(["fetch", "--no-tags", "--quiet", "--depth=1", remote, commit]);
  } catch (error) {
    if (!(error instanceof GitError && /not our ref|unadvertised object/.test(error.stderr))) throw error;
  }
  if (!(await hasCommit(git, commit))) throw unknownCommit(commit);
}

function unknownCommit(commit: string): UserError {
  const message = `there is no commit ${commit.slice(0, 60)} in this repository`;
  return new UserError({ message, hint: "run the workflow again for the newest commit" });
}

/** Only plain files: a link could lead out of the folder. */
async function writeFiles(
  { git }: Pick<Workspace, "git">,
  commit: string,
  paths: readonly string[],
  root: string,
): Promise<void> {
  const listed = await git.text(["ls-tree", "-r", "-l", "-z", commit, "--", ...paths]);
  const files = listed.split("\0").flatMap((line) => {
    const [, blob, size, path] = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line) ?? [];
    return blob && path && Number(size) <= mostBytes ? [{ blob, path }] : [];
  });
  if (files.length > mostFiles)
    throw new UserError({ message: `commit ${commit} has ${files.length} files of models` });
  for (const { blob, path } of files) {
    const content = await readObject(git, blob);
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
