import type { KeyObject } from "node:crypto";
import type { RepositoryConfig } from "../config/model-config.ts";
import type { Log } from "../ports/log.ts";
import { baseBranch, baseConfig, type Checkout, isUnderReview } from "./base-config.ts";
import { areHalves, privateStepKey, publicStepKey } from "./sealed-step.ts";

/** Whose results of steps a job takes, and whether it leaves its own. */
export interface StepRights {
  /** Results that its owner sealed are taken. */
  trusted: KeyObject;
  /** Seals what this job leaves; null for one that only takes. */
  own: KeyObject | null;
}

/**
 * What `step_cache` of mergeml.yaml and MERGEML_STEP_KEY amount to in this job; null where it takes and leaves nothing. A pull
 * request's job believes the key that its base branch has, and seals nothing, whatever it was given: what nobody has merged must not
 * become what a deploy goes on from.
 */
export async function stepRights(
  checkout: Checkout,
  { step_cache: written }: Pick<RepositoryConfig, "step_cache">,
  log: Pick<Log, "warn">,
): Promise<StepRights | null> {
  const { env } = checkout;
  if (!isUnderReview(env)) {
    const trusted = publicStepKey(written?.public_key ?? "");
    return trusted && { trusted, own: ownKey(env.MERGEML_STEP_KEY ?? "", trusted, log) };
  }
  const base = written && baseBranch(env);
  const reviewed = base && (await baseConfig(checkout, base))?.step_cache;
  const trusted = reviewed ? publicStepKey(reviewed.public_key) : null;
  return trusted && { trusted, own: null };
}

function ownKey(text: string, trusted: KeyObject, log: Pick<Log, "warn">): KeyObject | null {
  if (text.trim() === "") return null;
  const key = privateStepKey(text.trim());
  if (key && areHalves(key, trusted)) return key;
  log.warn(
    `MERGEML_STEP_KEY is ${key ? "of another pair than step_cache.public_key in mergeml.yaml" : "no private key of Ed25519"}: this run leaves no steps for others; mergeml store key makes a new pair`,
  );
  return null;
}
