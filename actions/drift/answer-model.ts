import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import { dropRetrain, pushRetrain, type RetrainSetting, readRetrainFacts } from "../../pipelines/open-retrain.ts";
import type { RollbackResult } from "../../pipelines/registry/rollback.ts";
import { type Deployments, standingOf } from "../../pipelines/registry/standing.ts";
import { driftReport } from "../../pipelines/report/drift/drift-report.ts";
import { rollbackNoticeText } from "../../pipelines/report/drift/rollback-notice-text.ts";
import type { DriftEntry, ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import {
  type DriftState,
  decideNotice,
  driftState,
  noticeText,
  undeployedState,
} from "../../pipelines/watch/notice/decide-notice.ts";
import { decideRollbackNotices, rollbackSituation } from "../../pipelines/watch/notice/decide-rollback-notice.ts";
import {
  decideRollback,
  type RollbackJudgement,
  recheckEvidence,
  rollbackReason,
} from "../../pipelines/watch/promotion/decide-rollback.ts";
import {
  decideRetrain,
  type KnownDrift,
  type RetrainDecision,
  retrainWish,
} from "../../pipelines/watch/retrain/decide-retrain.ts";
import { retrainBranch, retrainText } from "../../pipelines/watch/retrain/retrain-branch.ts";
import { durationOf } from "../../pipelines/watch/window/interval.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { GitHub } from "../shared/github/client.ts";
import type { IssueOutcome } from "../shared/github/kept-issue.ts";
import {
  closeRetrain,
  findRetrainPull,
  proposeRetrain,
  type RetrainPull,
} from "../shared/github/retrain-pull-request.ts";
import {
  applyNotice,
  applyRollbackNotice,
  type StoredIssue,
  type StoredRollbackIssue,
} from "../shared/github/watch-issues.ts";

/** What is known of one model when its answer begins. */
interface ModelQuestion {
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

/** What became of a model's promotion on live data. */
export interface RollbackOutcome {
  /** In production afterwards; null for none. */
  production: number | null;
  /** What this run took back; null for nothing. */
  done: RollbackResult | null;
  /** The last move of production, by this run or an earlier one, was an automatic rollback. */
  automatic: boolean;
  /** Why, or why not; null when it was not asked. */
  why: string | null;
  issues: readonly IssueOutcome[];
}

interface RollbackQuestion {
  model: string;
  /** In production when the run began; null for none. */
  production: number | null;
  /** As on the default branch; null when it is gone or unsound. */
  config: LoadedModel | null;
  /** What the check found; null when it failed. */
  found: ModelDrift | null;
  rollbackIssues: readonly StoredRollbackIssue[];
}

/**
 * Takes back a promotion that the check speaks against, and keeps the issues about it. What another job measured is held
 * against the config and the registry as they are now; the registry writes only if production is still what was judged.
 */
async function answerRollback(
  answering: Answering,
  question: RollbackQuestion,
): Promise<{ outcome: RollbackOutcome; judgement: RollbackJudgement | null }> {
  const { registry } = answering.workspace;
  const { model, production, config, rollbackIssues } = question;
  if (!config?.config.rollback && rollbackIssues.length === 0)
    return { outcome: { production, done: null, automatic: false, why: null, issues: [] }, judgement: null };
  let deployments = await registry.deployments(model, answering.setting.snapshot);
  let judgement = judge(deployments, question);
  const why = judgement?.decision.why ?? null;
  let done: RollbackResult | null = null;
  if (judgement?.decision.action === "roll back") {
    const { evidence, decision } = judgement;
    done = await registry.rollbackPromotion(model, { ...decision, reason: rollbackReason(evidence, decision.broken) });
    // Whoever it was that wrote: what was judged is not there any more.
    deployments = await registry.deployments(model);
    judgement = null;
  }
  const situation = rollbackSituation(model, deployments, judgement);
  const outcome: RollbackOutcome = {
    production: situation.production,
    done,
    automatic: situation.events.some(({ event }) => event === "rolled back"),
    why,
    issues: await answerIssues(answering, question, situation),
  };
  return { outcome, judgement };
}

function judge(deployments: Deployments, { model, config, found }: RollbackQuestion): RollbackJudgement | null {
  const evidence = found?.rollback && config && recheckEvidence(found.rollback.evidence, config.config.rollback);
  if (!evidence || evidence.version !== found.version || evidence.model !== model) return null;
  return { evidence, decision: decideRollback(evidence, standingOf(deployments)) };
}

async function answerIssues(
  { github }: Answering,
  { config, rollbackIssues }: RollbackQuestion,
  situation: ReturnType<typeof rollbackSituation>,
): Promise<IssueOutcome[]> {
  const { serverUrl, owner: account, repo } = github.context;
  const owner = config?.config.owner ?? null;
  const parts = { situation, owner, repository: `${serverUrl}/${account}/${repo}` };
  const outcomes: IssueOutcome[] = [];
  for (const notice of decideRollbackNotices(situation, rollbackIssues)) {
    const text = rollbackNoticeText(notice, parts);
    outcomes.push(await applyRollbackNotice(github, { notice, known: rollbackIssues, text, owner, at: situation.at }));
  }
  return outcomes;
}

/** What became of a model's retrain. `branch only`: workflows may not open pull requests here. */
type RetrainOutcome =
  | { state: "none"; reason: string }
  | { state: "open"; pull: number; changed: boolean; end: string; check: "asked for" | "known" | "forbidden" }
  | { state: "branch only"; branch: string; end: string }
  | { state: "closed"; pull: number; reason: string };

interface RetrainQuestion {
  model: LoadedModel;
  production: number | null;
  /** null when the check failed. */
  known: KnownDrift;
  report: { title: string; body: string } | null;
  now: Date;
}

export interface Answering {
  workspace: Workspace;
  github: GitHub;
  setting: RetrainSetting;
}

/** Opens, moves on or closes a model's retrain pull request. */
async function answerRetrain(answering: Answering, question: RetrainQuestion): Promise<RetrainOutcome> {
  const { workspace, github, setting } = answering;
  const { model, production, known, now } = question;
  const { name, drift } = model.config;
  const wish = retrainWish(model.config, { known, production, now });
  // Without a branch nothing is open: GitHub closes a pull request whose branch is gone.
  if (wish.kind !== "retrain" && !setting.branches.has(name)) return { state: "none", reason: wish.why };
  const pull = await findRetrainPull(github, name, retrainBranch(name));
  const facts = await readRetrainFacts(workspace, setting, model, wish.kind === "retrain" ? wish.window : null);
  const decision = decideRetrain({ model: name, wish, pull, stepMs: durationOf(drift.window), ...facts });
  if (decision.action === "nothing") return { state: "none", reason: decision.reason };
  if (decision.action === "propose") return propose(answering, question, decision, pull);
  if (pull) await closeRetrain(github, pull, decision.memory, `Closed by mergeml: ${decision.reason}.`);
  await dropRetrain(workspace, setting, name);
  return { state: "closed", pull: decision.pull, reason: decision.reason };
}

async function propose(
  { workspace, github, setting }: Answering,
  { model, report, known }: RetrainQuestion,
  { push, memory, pull: number }: Extract<RetrainDecision, { action: "propose" }>,
  pull: RetrainPull | null,
): Promise<RetrainOutcome> {
  const { name, features, retrain, owner } = model.config;
  const before = features.window ?? memory.window;
  const text = retrainText(memory, { before, schedule: retrain.schedule, report, owner, trial: known?.trial ?? null });
  const branch = retrainBranch(name);
  const commit = push
    ? await pushRetrain(workspace, setting, { model: name, window: memory.window, text })
    : (setting.branches.get(name) ?? null);
  if (commit === null) return { state: "none", reason: "another run is writing its retrain branch" };
  const open = number === null ? null : pull;
  const proposal = { model: name, branch, base: setting.base, commit, memory, ...text, pull: open };
  const outcome = await proposeRetrain(github, proposal);
  const { end } = memory.window;
  if (outcome.state === "forbidden") return { state: "branch only", branch, end };
  return { state: "open", pull: outcome.pull, changed: outcome.state !== "unchanged", end, check: outcome.check };
}
