import { changedSince } from "../../pipelines/changed-models.ts";
import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import { lacksCredential } from "../../pipelines/data/sources/missing-credential.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { describeIdentical } from "../../pipelines/gate.ts";
import { smokeTest } from "../../pipelines/smoke-test.ts";
import { runTraining, type TrainingResult } from "../../pipelines/train.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Action, runAction } from "../shared/action.ts";
import { handOver, uploadTraining } from "../shared/bundles.ts";

async function train(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const smoke = action.flag("smoke");
  const logRuns = action.flag("log-runs");
  const candidates: unknown[] = [];
  let failure: unknown = null;
  for (const model of action.list("models")) {
    action.log.info(`${model}`);
    try {
      const before = smoke ? overfit : undefined;
      const built = await runTraining(workspace, model, { event: "train", evenIfUnchanged: true, logRuns, before });
      candidates.push(...tell(action, model, built));
    } catch (error) {
      if (lacksCredential(error)) action.log.warn(`${model}: ${error.message}; its data need a maintainer to run it`);
      else if (await isOfThisPush(action, workspace, model, error))
        failure ??= error; // hides no other model's result
      else action.log.warn(`${model}: ${(error as Error).message} (it failed before this push, too)`);
    }
    if (action.flag("upload")) await uploadTraining(workspace.root, model);
    if (action.flag("hand-over")) await handOver(workspace, model);
  }
  action.output("candidates", JSON.stringify(candidates));
  if (failure !== null) throw failure;
}

/** A model that an earlier push broke was red then, and has an issue; surroundings that fail are anybody's. */
async function isOfThisPush(action: Action, workspace: Workspace, model: string, error: unknown): Promise<boolean> {
  if (!(error instanceof UserError)) return true;
  const touched = await changedSince(workspace, action.input("since"));
  return touched === "all" || touched.has(model);
}

/** A warning, not an error: a heavily regularised model may be right not to learn its rows by heart. */
async function overfit(workspace: Workspace, model: LoadedModel): Promise<void> {
  const result = await smokeTest(workspace, model);
  if (result.state === "checks-failed") return; // the build says it better
  const told = `smoke test ${result.state}: ${result.reason}`;
  if (result.state === "passed") workspace.log.info(told);
  else workspace.log.warn(`${model.config.name}: ${told}`);
}

function tell({ log }: Action, model: string, built: TrainingResult): unknown[] {
  if (built.state === "checks-failed") {
    const failed = built.checks.filter(({ passed }) => !passed).length;
    log.warn(`${model}: ${failed} of ${built.checks.length} data checks failed; nothing was trained`);
    return [];
  }
  if (built.state === "unchanged") return [];
  const { record, verdict } = built.candidate;
  const outcome = built.state === "identical" ? "identical" : verdict.outcome;
  log.info(built.state === "identical" ? `${model}: ${describeIdentical(built.version)}` : verdict.summary);
  return [{ model, candidate: record.id, outcome, sha256: record.model.sha256 }];
}

await runAction(train);
