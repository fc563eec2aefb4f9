import { UserError } from "./errors/expected-error.ts";
import type { RollbackResult } from "./registry/rollback.ts";
import { readProfile } from "./watch/profile/version-profile.ts";
import { judgePromotion } from "./watch/promotion/collect-evidence.ts";
import { type RollbackJudgement, rollbackReason } from "./watch/promotion/decide-rollback.ts";
import { intervalBefore } from "./watch/window/interval.ts";
import { watchedModel, windowInputs } from "./watch/window-inputs.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** What live data said of a model's promotion, and what was done. Plain JSON. */
export interface BrokenCheck extends RollbackJudgement {
  model: string;
  version: number;
  /** null when nothing was taken back, also when production changed meanwhile. */
  done: RollbackResult | null;
}

/**
 * Judges the promotion of the version in production by the newest window before now, and takes it back when it breaks a limit
 * of `rollback.when`. Throws UserError when the model is not in production, or its config asks for nothing.
 */
export async function rollBackWhenBroken(
  workspace: Workspace,
  model: string,
  { now, window }: { now: Date; window?: string },
): Promise<BrokenCheck> {
  const { registry } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  const watched = await watchedModel(workspace, snapshot, model);
  const { version } = watched.record;
  const profile = await readProfile(workspace, snapshot, model, version);
  const inputs = await windowInputs(workspace, watched, now);
  const newest = intervalBefore(now, window ?? watched.today.drift.window);
  const judgement = await judgePromotion({ workspace, snapshot, watched, profile, inputs, now }, newest);
  if (judgement === null) throw asksForNothing(model);
  const { evidence, decision } = judgement;
  const done =
    decision.action === "roll back"
      ? await registry.rollbackPromotion(model, { ...decision, reason: rollbackReason(evidence, decision.broken) })
      : null;
  return { model, version, ...judgement, done };
}

function asksForNothing(model: string): UserError {
  return new UserError({
    message: `rollback.when of ${model} asks for nothing`,
    hint: `add to models/${model}/model.yaml, for example:  rollback: { when: { error_rate: 5% } }`,
    key: "rollback.when",
  });
}
