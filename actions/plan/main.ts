import { changedSince } from "../../pipelines/changed-models.ts";
import { noRegistry } from "../../pipelines/deploy.ts";
import { type Problem, UserError } from "../../pipelines/errors/expected-error.ts";
import { needsRun, planModels } from "../../pipelines/plan.ts";
import { fence } from "../../pipelines/report/markdown/fence.ts";
import { renderPlan } from "../../pipelines/report/terminal/plan-table.ts";
import { readModels, type Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Action, appendJobSummary, runAction } from "../shared/action.ts";
import { uploadPlan } from "../shared/bundles.ts";
import { jobMatrix } from "../shared/job-matrix.ts";
import { changedInRun } from "./changed-in-run.ts";

async function plan(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const named = action.list("models");
  const only = named.length > 0 ? named : undefined;
  const changed = await changedInRun(action, workspace);
  const opened = workspace.registry.snapshot({ fetch: true, history: false });
  const all = await planModels(workspace, only, opened);
  const entries = all.entries.filter(
    ({ model, state }) => state !== "unchanged" && (changed === "all" || changed.has(model)),
  );
  const due = entries.filter(needsRun).map(({ model }) => model);
  const toDeploy = !action.flag("share");
  // Now, not after the training.
  if (toDeploy && due.length > 0 && (await opened).tip === null) throw noRegistry(workspace);
  const { models } = await readModels(workspace, due);
  action.output(
    "matrix",
    JSON.stringify(
      jobMatrix(
        models.map(({ config }) => config),
        { usual: action.input("runner") },
      ),
    ),
  );
  action.output("count", `${due.length}`);
  action.output("models", due.join(" "));
  action.output("affected", `${entries.length}`);
  if (!toDeploy)
    await uploadPlan(action, { entries, problems: all.problems }, (await workspace.git.headCommit()) ?? "");
  const told = entries.length > 0 ? fence(renderPlan(entries), "text", 2_000) : "No model is affected.";
  await appendJobSummary(action.env, `### mergeml plan\n\n${told}\n`);
  action.log.info(entries.length > 0 ? renderPlan(entries) : "No model is affected.");
  // A shared plan's problems are told by the report. The outputs are there all the same: others' mistakes stop no model.
  if (toDeploy) await tellProblems(action, workspace, all.problems);
}

/** Red by mistakes that came with this push. Earlier ones were red then, and are a warning since: they are not this push's. */
async function tellProblems(action: Action, workspace: Workspace, problems: readonly Problem[]): Promise<void> {
  const errors = problems.filter(({ severity }) => severity !== "warning");
  if (errors.length === 0) return;
  const touched = await changedSince(workspace, action.input("since"));
  const isOwn = ({ where }: Problem) => {
    const model = /^models\/([^/]+)\//.exec(where?.file ?? "")?.[1];
    return touched === "all" || model === undefined || touched.has(model);
  };
  if (errors.some(isOwn)) throw new UserError(problems.filter(isOwn));
  for (const { message, where } of errors)
    action.log.warn(`${where ? `${where.file}:${where.line}: ` : ""}${message} (not of this push)`);
}

await runAction(plan);
