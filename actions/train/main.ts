import { buildCandidate } from "../../pipelines/build-candidate.ts";
import type { BuildResult } from "../../pipelines/candidate/candidate.ts";
import { writeCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { keepOutcome } from "../../pipelines/handover/last-outcome.ts";
import { recordTraining } from "../../pipelines/mlflow/record-training.ts";
import { logFailure } from "../../pipelines/run-log/log-failure.ts";
import { smokeTest } from "../../pipelines/smoke-test.ts";
import { readModel, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { runAction } from "../shared/run-action.ts";
import { uploadTraining } from "../shared/training-bundle.ts";

async function train(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const smoke = action.flag("smoke");
  const log = action.flag("log-runs");
  const candidates: unknown[] = [];
  let failure: unknown = null;
  for (const model of action.list("models")) {
    action.log.info(`${model}`);
    try {
      const built = await trainModel(workspace, model, { smoke, log });
      candidates.push(...tell(action, model, built));
    } catch (error) {
      failure ??= error; // one model's failure does not hide another's result
    }
    if (action.flag("upload")) await uploadTraining(workspace.root, model);
  }
  action.output("candidates", JSON.stringify(candidates));
  if (failure !== null) throw failure;
}

async function trainModel(
  workspace: Workspace,
  name: string,
  { smoke, log }: { smoke: boolean; log: boolean },
): Promise<BuildResult> {
  const built = await keepOutcome(workspace, name, async (followed) => {
    const model = await readModel(followed, name);
    if (smoke) await overfit(followed, model);
    const snapshot = await followed.registry.snapshot({ fetch: true });
    const build = () => buildCandidate(followed, model, snapshot, { evenIfUnchanged: true });
    return log ? logFailure(followed.runs, model, "train", build) : build();
  });
  if (built.state === "judged" || built.state === "identical") {
    const { candidate } = built;
    await writeCandidate(workspace.root, candidate);
    const trained = { ...candidate, candidate: candidate.record };
    await recordTraining(workspace, trained);
    if (log) await workspace.runs.add(trained, { event: "train", version: null });
  }
  return built;
}

/** A warning, not an error: a heavily regularised model may be right not to learn its rows by heart. */
async function overfit(workspace: Workspace, model: Awaited<ReturnType<typeof readModel>>): Promise<void> {
  const result = await smokeTest(workspace, model);
  if (result.state === "checks-failed") return; // the build says it better
  const told = `smoke test ${result.state}: ${result.reason}`;
  if (result.state === "passed") workspace.log.info(told);
  else workspace.log.warn(`${model.config.name}: ${told}`);
}

function tell({ log }: Action, model: string, built: BuildResult): unknown[] {
  if (built.state === "checks-failed") {
    const failed = built.checks.filter(({ passed }) => !passed).length;
    log.warn(`${model}: ${failed} of ${built.checks.length} data checks failed; nothing was trained`);
    return [];
  }
  if (built.state === "unchanged") return [];
  const { record, verdict } = built.candidate;
  const outcome = built.state === "identical" ? "identical" : verdict.outcome;
  log.info(built.state === "identical" ? `${model}: the model of v${built.version} in production` : verdict.summary);
  return [{ model, candidate: record.id, outcome, sha256: record.model.sha256 }];
}

await runAction(train);
