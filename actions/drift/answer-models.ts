import { markdownTable } from "markdown-table";
import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import { escapeMarkdown } from "../../pipelines/errors/inert-markdown.ts";
import { openRetrainSetting } from "../../pipelines/open-retrain.ts";
import { overlapWords } from "../../pipelines/report/drift/moved-words.ts";
import { type DriftEntry, type ModelDrift, worstDriftFirst } from "../../pipelines/watch/drift/model-drift.ts";
import { modelsAtCommit } from "../../pipelines/workspace/workspace.ts";
import { type Action, appendJobSummary } from "../shared/action.ts";
import { listDriftIssues, listRollbackIssues } from "../shared/github/watch-issues.ts";
import { type Answering, answerModel, type ModelAnswer, type RollbackOutcome } from "./answer-model.ts";
import { downloadDrift, momentOf } from "./drift-bundle.ts";

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

/** The table of all models for the job's summary, those first that ask for attention. */
export function driftSummary(answers: readonly ModelAnswer[]): string {
  if (answers.length === 0) return "### Drift\n\nNothing is in production.\n";
  const known = answers.flatMap(({ entry }) => entry ?? []);
  const order = worstDriftFirst(known).map(({ model }) => model);
  const place = ({ model }: ModelAnswer) => (order.includes(model) ? order.indexOf(model) : order.length);
  const isAsked = answers.some(({ rollback }) => rollback.why !== null || rollback.issues.length > 0);
  const rows = answers
    .toSorted((a, b) => place(a) - place(b))
    .map((answer) => [...row(answer), ...(isAsked ? [rollbackCell(answer)] : [])]);
  const header = ["", "model", "production", "drift", "window", "issue", "retrain", ...(isAsked ? ["rollback"] : [])];
  const table = markdownTable([header, ...rows], {
    stringLength: () => 0,
  });
  return `### ${title(known)}\n\n${table}\n`;
}

function title(entries: readonly DriftEntry[]): string {
  const count = (outcome: DriftEntry["outcome"]) => entries.filter((each) => each.outcome === outcome).length;
  const of = (found: number, what: string) => (found > 0 ? [`${found} ${what}`] : []);
  const told = [
    ...of(count("drift"), "drifting"),
    ...of(count("silent"), "without rows any more"),
    ...of(count("error"), "could not be checked"),
  ];
  return `Drift: ${told.length > 0 ? `${told.join(", ")} of` : "none in"} ${entries.length} ${entries.length === 1 ? "model" : "models"}`;
}

const signs = { clean: "🟢", drift: "🔴", "too few rows": "⚪", silent: "🔇", error: "❌" } as const;

function row({ model, production, entry, issue, retrain }: ModelAnswer): string[] {
  const version = production === null ? "–" : `v${production}`;
  return [
    entry ? signs[entry.outcome] : "",
    model,
    version,
    entry ? drift(entry) : "–",
    entry && entry.outcome !== "error" ? `${day(entry.window.from)} … ${day(entry.window.to)}` : "–",
    "issue" in issue ? `#${issue.issue} ${issue.state}` : issue.state === "off" ? "not permitted" : "–",
    retrainCell(retrain),
  ];
}

function drift(entry: DriftEntry): string {
  if (entry.outcome === "error") return escapeMarkdown(entry.error.message, 200);
  if (entry.outcome === "silent") return `no rows since ${day(entry.silence?.since ?? entry.window.from)}`;
  if (entry.outcome === "too few rows")
    return overlapWords(entry) === null ? `too few rows: ${entry.result.rows.current}` : "no new window yet";
  return entry.outcome === "drift" && entry.persistent !== "drift" ? "drift, not lasting yet" : entry.outcome;
}

function retrainCell(retrain: ModelAnswer["retrain"]): string {
  if (retrain.state === "open") return `#${retrain.pull} up to ${retrain.end}`;
  if (retrain.state === "closed") return `#${retrain.pull} closed`;
  return retrain.state === "branch only" ? `branch ${retrain.branch}` : "–";
}

/** What was done, or else how its live data is. */
function rollbackCell({ rollback: { done, why, issues } }: ModelAnswer): string {
  const told = issues.flatMap((each) => ("issue" in each ? [`#${each.issue} ${each.state}`] : ["not permitted"]));
  const what = done ? [`v${done.from} → v${done.to}`] : why === null ? [] : [escapeMarkdown(why, 200)];
  return [...what, ...told].join(", ") || "–";
}

function day(time: string): string {
  return time.slice(0, 10);
}
