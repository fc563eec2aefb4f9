import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import { driftReport } from "../../pipelines/report/drift/drift-report.ts";
import type { DriftEntry, ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import {
  type DriftState,
  decideNotice,
  driftState,
  noticeText,
  undeployedState,
} from "../../pipelines/watch/notice/decide-notice.ts";
import { applyNotice, type StoredIssue } from "../shared/github/drift-issue.ts";
import type { IssueOutcome } from "../shared/github/kept-issue.ts";
import type { StoredRollbackIssue } from "../shared/github/rollback-issue.ts";
import { type Answering, answerRetrain, type RetrainOutcome } from "./answer-retrain.ts";
import { answerRollback, type RollbackOutcome } from "./answer-rollback.ts";

/** What is known of one model when its answer begins. */
export interface ModelQuestion {
  model: string;
  /** In production now; null for none. */
  production: number | null;
  /** As on the default branch; null when it is gone or unsound. */
  config: LoadedModel | null;
  /** null when there is nothing to check. */
  entry: DriftEntry | null;
  issues: readonly StoredIssue[];
  rollbackIssues: readonly StoredRollbackIssue[];
  now: Date;
}

/** What was done for a model. */
export interface ModelAnswer {
  model: string;
  production: number | null;
  entry: DriftEntry | null;
  issue: IssueOutcome;
  /** Why nothing was done about the issue; empty otherwise. */
  reason: string;
  retrain: RetrainOutcome;
  rollback: RollbackOutcome;
}

/**
 * Answers what one model's check found: a rollback first, because what was rolled back needs no retrain, then the retrain,
 * because the drift's issue links to it.
 */
export async function answerModel(answering: Answering, question: ModelQuestion): Promise<ModelAnswer> {
  const { model, config, entry, issues, now } = question;
  const found = entry === null || entry.outcome === "error" ? null : entry;
  const { outcome: rollback, judgement } = await answerRollback(answering, { ...question, found });
  const { production } = rollback;
  if (production !== question.production) return afterRollback(question, rollback);
  const checked = found?.version === production ? { ...found, rollback: judgement } : null;
  const state = production === null ? undeployedState(model, now) : checked && driftState(checked);
  const report = checked && driftReport(checked);
  const retrain: RetrainOutcome = config
    ? await answerRetrain(answering, { model: config, production, known: state, report, now })
    : { state: "none", reason: "its config cannot be read" };
  const answer = { model, production, entry, retrain, rollback };
  if (state === null) {
    const reason = found ? `v${production} came into production meanwhile` : "not checked";
    return { ...answer, issue: { state: "none" }, reason };
  }
  return {
    ...answer,
    ...(await answerIssue(answering, { state, issues, checked, retrain, owner: config?.config.owner ?? null })),
  };
}

/** What was found is of a version that is no longer there: neither its drift nor a retrain of it is news. */
function afterRollback({ model, entry, production: before }: ModelQuestion, rollback: RollbackOutcome): ModelAnswer {
  const reason = `v${before} was rolled back`;
  const nothing = { issue: { state: "none" as const }, retrain: { state: "none" as const, reason } };
  return { model, production: rollback.production, entry, rollback, reason, ...nothing };
}

interface IssueQuestion {
  state: DriftState;
  issues: readonly StoredIssue[];
  checked: ModelDrift | null;
  retrain: RetrainOutcome;
  owner: string | null;
}

async function answerIssue(
  { github }: Answering,
  question: IssueQuestion,
): Promise<Pick<ModelAnswer, "issue" | "reason">> {
  const { state, issues, checked, retrain, owner } = question;
  const decision = decideNotice(state, issues);
  const { serverUrl, owner: account, repo } = github.context;
  const told = tellRetrain(retrain, `${serverUrl}/${account}/${repo}`);
  const report = checked && driftReport(checked, { issue: true, ...(told === null ? {} : { retrain: told }) });
  const text = noticeText(decision, state, { report, owner });
  const issue = await applyNotice(github, { decision, known: issues, text });
  return { issue, reason: decision.action === "nothing" ? decision.reason : "" };
}

function tellRetrain(retrain: RetrainOutcome, repository: string): string | null {
  if (retrain.state === "open")
    return `**Merge the retrain pull request #${retrain.pull}**, which trains it on data up to ${retrain.end} and compares it with production.`;
  if (retrain.state !== "branch only") return null;
  const { branch, end } = retrain;
  return `**A retrain on data up to ${end} is ready** on the branch \`${branch}\`: [open the pull request](${repository}/compare/${branch}?expand=1). For mergeml to open it, allow workflows to create pull requests under Settings → Actions → General.`;
}
