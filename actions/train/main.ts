import { buildCandidate } from "../../pipelines/build-candidate.ts";
import type { BuildResult } from "../../pipelines/candidate/candidate.ts";
import { writeCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { keepOutcome } from "../../pipelines/candidate/outcome-file.ts";
import { smokeTest } from "../../pipelines/smoke-test.ts";
import { readModel, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { runAction } from "../shared/run-action.ts";
import { uploadTraining } from "../shared/training-bundle.ts";

async function train(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const smoke = action.flag("smoke");
  const candidates: unknown[] = [];
  let failure: unknown = null;
  for (const model of action.list("models")) {
    action.log.info(`${model}`);
    try {
      const built = await trainModel(workspace, model, smoke);
      candidates.push(...tell(action, model, built));
    } catch (error) {
      failure ??= error; // one model's failure does not hide another's result
    }
    if (action.flag("upload")) await uploadTraining(workspace.root, model);
  }
  action.output("candidates", JSON.stringify(candidates));
  if (failure !== null) throw failure;
}

async function trainModel(workspace: Workspace, name: string, smoke: boolean): Promise<BuildResult> {
  const built = await keepOutcome(workspace, name, async (followed) => {
    const model = await readModel(followed, name);
    if (smoke) await overfit(followed, model);
    const snapshot = await followed.registry.snapshot({ fetch: true });
    return buildCandidate(followed, model, snapshot, { evenIfUnchanged: true });
  });
  if (built.state === "judged" || built.state === "identical") await writeCandidate(workspace.root, built.candidate);
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
