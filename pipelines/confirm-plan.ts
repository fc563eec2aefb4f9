import { changedBetween } from "./changed-models.ts";
import type { Problem } from "./errors/expected-error.ts";
import type { JudgedCommit } from "./handover/test-merge.ts";
import { needsRun, type PlanEntry, planModel } from "./plan.ts";
import type { Git } from "./registry/git/git.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { fetchCommit, modelsAtCommit, type Workspace } from "./workspace/workspace.ts";

/** A model that a commit changes and a plan is silent about, and the reason why it must not be. */
export interface LeftOut {
  model: string;
  problems: readonly Problem[];
}

/**
 * The models that differ between the judged commit and its base, that are due or invalid, and that the plan of another job leaves out or
 * takes for settled: by leaving out a model, a stranger's plan would pass it. Nothing of the commit runs.
 */
export async function leftOutOfPlan(
  workspace: Workspace,
  { commit, base }: JudgedCommit,
  entries: readonly PlanEntry[],
  snapshot: Snapshot,
): Promise<LeftOut[]> {
  await fetchCommit(workspace, commit);
  const changed = await changedBetween(workspace, base, commit);
  const told = new Set(entries.filter((each) => needsRun(each) || each.state === "invalid").map(({ model }) => model));
  const names = changed === "all" ? await modelNames(workspace.git, commit) : [...changed];
  const silent = names.filter((model) => /^[a-z0-9-]{1,100}$/.test(model) && !told.has(model)).sort();
  const { models, problems } = await modelsAtCommit(workspace, commit, silent);
  const due = await Promise.all(models.map((model) => dueEntry(workspace, model, snapshot)));
  return [...due.flatMap((each) => each ?? []), ...invalid(silent, problems)];
}

async function modelNames(git: Git, commit: string): Promise<string[]> {
  const listed = await git.text(["ls-tree", "-r", "--name-only", "-z", commit, "--", "models"]);
  return listed.split("\0").flatMap((path) => /^models\/([^/]+)\/model\.yaml$/.exec(path)?.[1] ?? []);
}

async function dueEntry(
  workspace: Workspace,
  model: Parameters<typeof planModel>[1],
  snapshot: Snapshot,
): Promise<LeftOut | null> {
  const { name } = model.config;
  const entry = await planModel(workspace, model, snapshot, await snapshot.production(name));
  if (!needsRun(entry)) return null;
  const message = `the plan leaves out ${name}, which this pull request changes (${entry.detail})`;
  return { model: name, problems: [{ message, hint: "run the workflow again" }] };
}

function invalid(names: readonly string[], problems: readonly Problem[]): LeftOut[] {
  const errors = problems.filter(({ severity }) => severity !== "warning");
  return names.flatMap((model) => {
    const own = errors.filter(({ where }) => where?.file.startsWith(`models/${model}/`));
    return own.length > 0 ? [{ model, problems: own }] : [];
  });
}
