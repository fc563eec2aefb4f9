import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import type { RollbackResult } from "../../pipelines/registry/rollback.ts";
import { type Deployments, standingOf } from "../../pipelines/registry/standing.ts";
import { rollbackNoticeText } from "../../pipelines/report/drift/rollback-notice-text.ts";
import type { ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { decideRollbackNotices, rollbackSituation } from "../../pipelines/watch/notice/decide-rollback-notice.ts";
import {
  decideRollback,
  type RollbackJudgement,
  recheckEvidence,
  rollbackReason,
} from "../../pipelines/watch/promotion/decide-rollback.ts";
import type { IssueOutcome } from "../shared/github/kept-issue.ts";
import { applyRollbackNotice, type StoredRollbackIssue } from "../shared/github/rollback-issue.ts";
import type { Answering } from "./answer-retrain.ts";

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
export async function answerRollback(
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
