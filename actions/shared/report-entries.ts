import { join } from "node:path";
import { type Problem, UserError } from "../../pipelines/errors/user-error.ts";
import { confirmedEntry, type Trusted } from "../../pipelines/handover/confirm-candidates.ts";
import { leftOutOfPlan } from "../../pipelines/handover/confirm-plan.ts";
import { readBundle, readChecked } from "../../pipelines/handover/read-checked.ts";
import { bundleFile } from "../../pipelines/handover/training-handover.ts";
import { planSchema } from "../../pipelines/handover/training-schema.ts";
import { needsRun, type PlanEntry } from "../../pipelines/plan.ts";
import type { ErrorEntry, HeldEntry, ReportEntry } from "../../pipelines/report/report-entry.ts";
import { modelsAtCommit } from "../../pipelines/workspace/read-commit.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "./action.ts";
import { type PlanBundle, planArtifact, planFile } from "./plan-bundle.ts";
import type { ReportSubject } from "./report-subject.ts";
import { trainingArtifact } from "./training-bundle.ts";

/** Folders of downloaded artifacts by name. */
type Folders = ReadonlyMap<string, string>;

/** What to report of each affected model. Whatever is wrong with an artifact becomes that model's error, never a crash. */
export async function collectEntries(action: Action, subject: ReportSubject, folders: Folders): Promise<ReportEntry[]> {
  const plan = await readPlan(subject, folders);
  if (!("entries" in plan)) return [plan];
  const workspace = await action.workspace();
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const leftOut = await leftOutOfPlan(workspace, plan, snapshot);
  const silent = new Map(leftOut.map(({ model, problems }) => [model, failed(model, problems, "confirming the plan")]));
  const entries = plan.entries.filter(({ model }) => !silent.has(model));
  const { models } = await modelsAtCommit(
    workspace,
    plan.commit,
    entries.map(({ model }) => model),
  );
  const trusted: Trusted = {
    snapshot,
    commit: plan.commit,
    models: new Map(models.map((model) => [model.config.name, model])),
  };
  const heard = await Promise.all(entries.flatMap((entry) => told(workspace, entry, plan, { trusted, folders })));
  return [...heard, ...silent.values()];
}

/** The plan is believed when it is about this pull request and a commit that is known to be its own. */
async function readPlan(subject: ReportSubject, folders: Folders): Promise<PlanBundle | ErrorEntry> {
  const folder = folders.get(planArtifact);
  if (!folder) return failed("plan", [{ message: "the plan job gave no result", hint: "see its log" }], "planning");
  try {
    const plan = (await readChecked(join(folder, planFile), planSchema)) as PlanBundle;
    if (subject.commits.includes(plan.commit)) return plan;
    const message = `the plan is of commit ${plan.commit.slice(0, 7)}, which is not this pull request's`;
    return failed("plan", [{ message, hint: "run the workflow again" }], "confirming the plan");
  } catch (error) {
    return failed("plan", problemsOf(error), "reading the plan");
  }
}

function told(
  workspace: Workspace,
  entry: PlanEntry,
  { problems }: PlanBundle,
  { trusted, folders }: { trusted: Trusted; folders: Folders },
): Promise<ReportEntry>[] {
  const { model, state, production, version } = entry;
  if (state === "held" || state === "registered")
    return [heldEntry({ model, version: version ?? 0, production, rolledBack: state === "held" })];
  if (state === "invalid") {
    const own = problems.filter(({ where }) => where?.file.startsWith(`models/${model}/`));
    return [Promise.resolve(failed(model, own.length > 0 ? own : problems, "reading the config"))];
  }
  return needsRun(entry) ? [trainedEntry(workspace, model, trusted, folders.get(trainingArtifact(model)))] : [];
}

async function heldEntry(held: Omit<HeldEntry, "state">): Promise<HeldEntry> {
  return { state: "held", ...held };
}

async function trainedEntry(
  workspace: Workspace,
  model: string,
  trusted: Trusted,
  folder: string | undefined,
): Promise<ReportEntry> {
  if (!folder) {
    const problem = { message: "the training job gave no result", hint: "see its log; a runner may have been lost" };
    return failed(model, [problem], "training");
  }
  try {
    return await confirmedEntry(workspace, await readBundle(join(folder, bundleFile), model), trusted);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed(model, error.problems, "reading the result");
  }
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  throw error;
}

function failed(model: string, problems: readonly Problem[], during: string): ErrorEntry {
  return { state: "error", model, problems, during };
}
