import { posix } from "node:path";
import { viewsFolder } from "./data/features/load-views.ts";
import { UserError } from "./errors/expected-error.ts";
import type { Git } from "./registry/git/git.ts";
import { hasCommit } from "./registry/git/objects.ts";
import { isToolFile, toolFile } from "./workspace/tool-file.ts";
import { fetchCommit, type Workspace } from "./workspace/workspace.ts";

/** What every model's result depends on besides its folder and the data. */
const settings = ["mergeml.yaml"];
/** mergeml itself, where it is part of the repository. In an application's repository files of these names are its own. */
const tool = ["package.json", "package-lock.json", ".npmrc", "pipelines/", "scripts/", "actions/"];

/**
 * The models whose inputs differ between `base` and the checked-out commit: those with a changed file in their folder, those
 * that may read a changed feature view, and
 * all when something changed that any may depend on (mergeml.yaml, data, mergeml's code, which mergeml the workflows use). "all" also without a base that is known
 * here.
 */
export async function changedModels(
  workspace: Pick<Workspace, "git" | "repository">,
  base: string | null,
): Promise<ReadonlySet<string> | "all"> {
  const from = base === null ? null : await knownBase(workspace.git, base);
  return from === null ? "all" : changedBetween(workspace, from, "HEAD");
}

/**
 * The models whose inputs differ between exactly `base` and the checked-out commit, however they are related; "all" when there
 * is no such commit, as before a branch's first push.
 */
export async function changedSince(
  workspace: Pick<Workspace, "git" | "remote" | "repository">,
  base: string,
): Promise<ReadonlySet<string> | "all"> {
  try {
    await fetchCommit(workspace, base);
  } catch (error) {
    if (error instanceof UserError) return "all";
    throw error;
  }
  return changedBetween(workspace, base, "HEAD");
}

/** The models whose inputs differ between two commits. */
export async function changedBetween(
  { git, repository }: Pick<Workspace, "git" | "repository">,
  from: string,
  to: string,
): Promise<ReadonlySet<string> | "all"> {
  const listed = await git.text(["diff", "--name-only", "--relative", "--no-renames", "-z", from, to, "--"]);
  if (await movesMergeml(git, from, to)) return "all";
  const models = new Set<string>();
  let withViews = false;
  const own = (await hasMergeml(git, from)) || (await hasMergeml(git, to)) ? tool : [];
  const common = [...settings, ...own, ...repository.data.map((folder) => posix.join(folder, "/"))];
  for (const path of listed.split("\0").filter(Boolean)) {
    const model = /^models\/([^/]+)\/./.exec(path)?.[1];
    if (model) models.add(model);
    else if (path.startsWith(`${viewsFolder}/`)) withViews = true;
    else if (common.some((each) => each === "./" || (each.endsWith("/") ? path.startsWith(each) : path === each)))
      return "all";
  }
  if (withViews) for (const model of await readersOfViews(git, to)) models.add(model);
  return models;
}

/** Whether a workflow was moved to another mergeml, whose trainers may be others: its pull request judges what that trains again. */
async function movesMergeml(git: Git, from: string, to: string): Promise<boolean> {
  const uses = "^[[:space:]]*mergeml-ref:|/\\.github/workflows/model-(pr|deploy)\\.ya?ml@";
  const args = ["diff", "--name-only", "--no-renames", "-G", uses, from, to, "--", ":/.github/workflows"];
  return (await git.text(args)) !== "";
}

/** Whether mergeml is part of a commit, as in a repository that was made from its template. */
async function hasMergeml(git: Git, commit: string): Promise<boolean> {
  const { code, stdout } = await git.run(["show", `${commit}:./${toolFile}`], { allow: [128] });
  return code === 0 && isToolFile(stdout.toString("utf8"));
}

/**
 * The models of a commit that may read feature views: their definitions tell which of them a changed one affects, so that one too
 * many is none too many. Words are looked for, because reading the models of a commit takes longer.
 */
async function readersOfViews(git: Git, commit: string): Promise<string[]> {
  const inQueries = ['features["`]?[[:space:]]*\\.', "models", ":(exclude,glob)models/*/model.yaml"];
  const inConfigs = ["entities", ":(glob)models/*/model.yaml"];
  const found = await Promise.all([inQueries, inConfigs].map((words) => modelsWith(git, commit, words)));
  return found.flat();
}

async function modelsWith(git: Git, commit: string, [pattern = "", ...paths]: readonly string[]): Promise<string[]> {
  const args = ["grep", "-l", "-i", "-z", "-E", "-e", pattern, commit, "--", ...paths];
  const { code, stdout } = await git.run(args, { allow: [1] });
  if (code === 1) return [];
  const listed = stdout.toString("utf8").split("\0").filter(Boolean);
  return listed.flatMap((path) => /^[^:]+:models\/([^/]+)\/./.exec(path)?.[1] ?? []);
}

/**
 * A shallow checkout of a pull request has its merge commit and that commit's parents: the first is the base. The merge-base
 * is what a branch began from, so that what the base branch did since does not count.
 */
async function knownBase(git: Git, base: string): Promise<string | null> {
  const parents = (await git.text(["rev-list", "--parents", "-n", "1", "HEAD"])).split(" ").slice(1);
  if (parents.length > 1 && parents[0]) return (await hasCommit(git, parents[0])) ? parents[0] : null;
  if (!(await hasCommit(git, base))) return null;
  const { code, stdout } = await git.run(["merge-base", "--", base, "HEAD"], { allow: [1] });
  return code === 0 ? stdout.toString("utf8").trim() : base;
}
