import { join } from "node:path";
import { leftOutOfPlan } from "../../pipelines/confirm-plan.ts";
import { EnvironmentError, type Problem, UserError } from "../../pipelines/errors/expected-error.ts";
import { confirmedEntry, type Trusted } from "../../pipelines/handover/confirm-candidates.ts";
import { type JudgedCommit, judgedCommit } from "../../pipelines/handover/test-merge.ts";
import {
  bundleFile,
  type ReportEntry,
  readBundle,
  type TrainingError,
} from "../../pipelines/handover/training-outcome.ts";
import { needsRun, type PlanEntry } from "../../pipelines/plan.ts";
import { renderReport } from "../../pipelines/report/render-report.ts";
import { modelsAtCommit, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "./action.ts";
import { type PlanBundle, planArtifact, readPlan, trainingArtifact } from "./bundles.ts";
import type { ReportSubject } from "./report-subject.ts";

/** Folders of downloaded artifacts by name. */
type Folders = ReadonlyMap<string, string>;

/** What to report of each affected model. Whatever is wrong with an artifact becomes that model's error, never a crash. */
export async function collectEntries(action: Action, subject: ReportSubject, folders: Folders): Promise<ReportEntry[]> {
  const workspace = await action.workspace();
  const plan = await confirmedPlan(workspace, subject, folders);
  if (!("entries" in plan)) return [plan];
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const leftOut = await leftOutOfPlan(workspace, plan.judged, plan.entries, snapshot);
  const silent = new Map(leftOut.map(({ model, problems }) => [model, failed(model, problems, "confirming the plan")]));
  const entries = plan.entries.filter(({ model }) => !silent.has(model));
  const { models, sources } = await modelsAtCommit(
    workspace,
    plan.judged.commit,
    entries.filter(needsRun).map(({ model }) => model),
  );
  const trusted: Trusted = {
    snapshot,
    commit: plan.judged.commit,
    sources,
    models: new Map(models.map((model) => [model.config.name, model])),
  };
  const heard: ReportEntry[] = [];
  // One after the other: what each reads and renders is bounded, and so is what is held at once.
  for (const entry of entries) heard.push(...(await told(workspace, entry, plan, { trusted, folders })));
  return [...heard, ...silent.values()];
}

interface ConfirmedPlan extends PlanBundle {
  judged: JudgedCommit;
}

/** The plan is believed when it is about this pull request; what it is judged by is the server's. */
async function confirmedPlan(
  workspace: Workspace,
  subject: ReportSubject,
  folders: Folders,
): Promise<ConfirmedPlan | TrainingError> {
  const folder = folders.get(planArtifact);
  if (!folder) return failed("plan", [{ message: "the plan job gave no result", hint: "see its log" }], "planning");
  try {
    const plan = await readPlan(folder);
    return { ...plan, judged: await judgedCommit(workspace, plan.commit, subject) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed("plan", error.problems, "confirming the plan");
  }
}

async function told(
  workspace: Workspace,
  entry: PlanEntry,
  { problems }: PlanBundle,
  { trusted, folders }: { trusted: Trusted; folders: Folders },
): Promise<ReportEntry[]> {
  const { model, state, production, version } = entry;
  if (state === "held" || state === "registered")
    return [{ state: "held", model, version: version ?? 0, production, rolledBack: state === "held" }];
  if (state === "invalid") {
    const own = problems.filter(({ where }) => where?.file.startsWith(`models/${model}/`));
    return [failed(model, own.length > 0 ? own : problems, "reading the config")];
  }
  return needsRun(entry) ? [await trainedEntry(workspace, model, trusted, folders.get(trainingArtifact(model)))] : [];
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
    const entry = await confirmedEntry(workspace, await readBundle(join(folder, bundleFile), model), trusted);
    renderReport([entry]); // what cannot be shown must not take the others' report down
    return entry;
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    return failed(model, problemsOf(error), "reading the result");
  }
}

/** What is no UserError comes from a result that no check foresaw: it is this model's, not the report's end. */
function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  const message = `the result cannot be read: ${error instanceof Error ? error.message : String(error)}`.slice(0, 500);
  return [{ message, hint: "run the workflow again; if it stays, it is a bug in mergeml" }];
}

function failed(model: string, problems: readonly Problem[], during: string): TrainingError {
  return { state: "error", model, problems, during };
}
