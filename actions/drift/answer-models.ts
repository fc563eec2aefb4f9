import { EnvironmentError } from "../../pipelines/errors/environment-error.ts";
import { openRetrainSetting } from "../../pipelines/open-retrain.ts";
import type { DriftEntry, ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { modelsAtCommit } from "../../pipelines/workspace/read-commit.ts";
import type { Action } from "../shared/action.ts";
import { listDriftIssues } from "../shared/github/drift-issue.ts";
import { appendJobSummary } from "../shared/github/job-summary.ts";
import { listRollbackIssues } from "../shared/github/rollback-issue.ts";
import { answerModel, type ModelAnswer } from "./answer-model.ts";
import type { Answering } from "./answer-retrain.ts";
import type { RollbackOutcome } from "./answer-rollback.ts";
import { downloadDrift } from "./drift-bundle.ts";
import { driftSummary } from "./drift-summary.ts";
import { momentOf } from "./moment.ts";

/**
 * Keeps issues and retrain pull requests for what the checks found. One model's failure hides no other's; a network that
 * failed has the whole step tried again, which does nothing twice.
 */
export async function answerModels(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const github = await action.github();
  const now = momentOf(action, workspace.clock);
  const entries = await downloadDrift(await action.context());
  const setting = await openRetrainSetting(workspace);
  const deployed = await setting.snapshot.productions();
  const issues = await listDriftIssues(github);
  const rollbackIssues = await listRollbackIssues(github);
  const wanted = choose(action, new Set([...deployed.keys(), ...issues.keys(), ...rollbackIssues.keys()]));
  const { models, problems } = await modelsAtCommit(
    workspace,
    setting.tip,
    wanted.filter((name) => deployed.has(name)),
  );
  const configs = new Map(models.map((model) => [model.config.name, model]));
  const answers: ModelAnswer[] = [];
  const failures: Error[] = [];
  const answering: Answering = { workspace, github, setting };
  for (const model of wanted) {
    const production = deployed.get(model)?.version ?? null;
    const config = configs.get(model) ?? null;
    const problem = problems.find(({ where }) => where?.file.startsWith(`models/${model}/`));
    const entry = production === null ? null : (entries.get(model) ?? missing(model, problem?.message));
    try {
      answers.push(
        await answerModel(answering, {
          ...{ model, production, config, entry, now },
          issues: issues.get(model) ?? [],
          rollbackIssues: rollbackIssues.get(model) ?? [],
        }),
      );
    } catch (error) {
      failures.push(error as Error);
      action.log.warn(`${model}: ${(error as Error).message}`);
    }
  }
  await tell(action, answers);
  await workspace.runs.keepDrift(answers.flatMap(({ entry, production }) => stillFound(entry, production)));
  const [failure] = failures.toSorted(
    (a, b) => Number(b instanceof EnvironmentError) - Number(a instanceof EnvironmentError),
  );
  if (failure) throw failure;
  const unchecked = answers.filter(({ entry }) => entry?.outcome === "error" && entry.error.kind !== "unwatched");
  if (unchecked.length > 0) action.fail(`could not be checked: ${unchecked.map(({ model }) => model).join(", ")}`);
}

/** What was found of a version that is in production still. */
function stillFound(entry: DriftEntry | null, production: number | null): ModelDrift[] {
  return entry !== null && entry.outcome !== "error" && entry.version === production ? [entry] : [];
}

function choose(action: Action, all: ReadonlySet<string>): string[] {
  const named = action.list("models");
  return [...all].filter((model) => named.length === 0 || named.includes(model)).sort();
}

function missing(model: string, problem: string | undefined): DriftEntry {
  const message = problem ?? "its check gave no result";
  const hint = problem ? "see: mergeml validate" : "see the log of its job; a runner may have been lost";
  return { model, outcome: "error", error: { kind: "user", message, hint } };
}

function doneWords({ done }: RollbackOutcome): string {
  return done === null ? "" : `; rolled back to v${done.to}, commit ${done.commit}`;
}

async function tell(action: Action, answers: readonly ModelAnswer[]): Promise<void> {
  const outcomes = answers.map(({ model, production, entry, issue, retrain, rollback }) => ({
    ...{ model, version: production, outcome: entry?.outcome ?? null },
    persistent: entry && entry.outcome !== "error" ? entry.persistent : null,
    ...{ issue, retrain, rollback },
  }));
  action.output("outcomes", JSON.stringify(outcomes));
  // Also those of an earlier run, which may have died before it told what is in production; telling it twice does nothing.
  const rolledBack = answers.filter(({ rollback }) => rollback.automatic).map(({ model }) => model);
  action.output("rolled-back", rolledBack.join(" "));
  for (const { model, issue, reason, retrain, rollback } of answers) {
    if (rollback.why !== null) action.log.info(`${model}: ${rollback.why}${doneWords(rollback)}`);
    if (rollback.issues.some(({ state }) => state === "off"))
      action.log.warn(`${model}: the rollback's issue could not be written: give the job issues: write`);
    const about = "issue" in issue ? `issue #${issue.issue} ${issue.state}` : `no issue${reason && `: ${reason}`}`;
    const more =
      retrain.state === "open" ? `retrain #${retrain.pull}, check ${retrain.check}` : `retrain: ${retrain.state}`;
    action.log.info(`${model}: ${about}; ${more}${"reason" in retrain ? ` (${retrain.reason})` : ""}`);
    if (issue.state === "off") action.log.warn(`${model}: the issue could not be written: give the job issues: write`);
    if (retrain.state === "open" && retrain.check === "forbidden")
      action.log.warn(
        `${model}: the check of #${retrain.pull} could not be started: model-pr.yml needs workflow_dispatch`,
      );
    if (retrain.state === "branch only")
      action.log.warn(`${model}: workflows may not open pull requests here; the branch ${retrain.branch} is ready`);
  }
  await appendJobSummary(action.env, driftSummary(answers));
}
