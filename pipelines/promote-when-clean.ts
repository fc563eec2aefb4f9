import { checkDrift } from "./check-drift.ts";
import { UserError } from "./errors/expected-error.ts";
import { promoteVersion } from "./keep-version.ts";
import type { PromoteResult } from "./registry/promote.ts";
import { type Hop, type WaitingVersion, waitingVersions } from "./waiting-versions.ts";
import { judgeSoak, type Soak } from "./watch/promotion/soak.ts";
import { inEnvironment } from "./workspace/in-environment.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** What came of a promotion that live data was asked about. Plain JSON but for `since`. */
export interface SoakedPromotion extends Omit<WaitingVersion, "config" | "held"> {
  soak: Soak;
  /** Why it was not promoted; null when it was. */
  waits: string | null;
  done: PromoteResult | null;
}

/**
 * Promotes what runs in `from` when `promote.when` is met without a person. null when the same version runs in both, or none does.
 * Throws UserError when the model has no `promote.when`.
 */
export async function promoteWhenClean(
  workspace: Workspace,
  model: string,
  hop: Hop,
  window: { now: Date; window?: string },
): Promise<SoakedPromotion | null> {
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const [waiting] = await waitingVersions(workspace, snapshot, hop, [model]);
  if (waiting === undefined) return null;
  const { config, held, ...facts } = waiting;
  if (!config?.promote)
    throw new UserError({
      message: `models/${model}/model.yaml does not say when ${model} goes on to ${hop.to}`,
      hint: "write promote: { when: { clean_windows: 2, approval: false } }, or promote it without --when-clean",
    });
  const { when } = config.promote;
  const [entry = null] =
    when.clean_windows > 0 ? await checkDrift(inEnvironment(workspace, hop.from), [model], window) : [];
  const soak = judgeSoak(when, waiting, entry);
  const waits = held ?? (soak.met ? (when.approval ? "promote.when asks for a person's approval" : null) : soak.why);
  if (waits !== null) return { ...facts, soak, waits, done: null };
  const options = { environment: hop.to, from: hop.from, why: `promoted by promote.when: ${soak.why}` };
  return { ...facts, soak, waits, done: await promoteVersion(workspace, model, waiting.version, options) };
}
