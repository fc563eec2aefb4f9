import type { LoadedModel } from "../../config/load-models.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import type { RetrainAdvice } from "../drift/model-drift.ts";
import { durationOf } from "../window/interval.ts";
import { earlierVersions, obstacleTo, retrainWish } from "./decide-retrain.ts";

/** The answer to a drift of the version in production up to a moment, by the rules of the pull request that mergeml opens. */
export async function retrainAdvice(
  registry: Registry,
  snapshot: Snapshot,
  { model, version, to }: { model: LoadedModel | null; version: number; to: string },
): Promise<RetrainAdvice> {
  if (model === null) return { kind: "gone" };
  const { drift, retrain, features } = model.config;
  if (features.window === null) return { kind: "windowless" };
  const asked = { ...model.config, drift: { ...drift, on_drift: "pull-request" as const } };
  const known = { version, persistent: "drift", severity: 0, to } as const;
  const config = { ...asked, retrain: { ...retrain, schedule: "never" as const } };
  const wish = retrainWish(config, { known, production: version, now: new Date(to) });
  if (wish.kind !== "retrain") return { kind: "stay", why: wish.why };
  const earlier = await earlierVersions(registry, snapshot, model, wish.window);
  const why = obstacleTo({ main: features.window, stepMs: durationOf(drift.window), ...earlier }, wish);
  return why === null ? { kind: "move", window: wish.window } : { kind: "stay", why };
}
