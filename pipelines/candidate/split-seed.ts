import type { ModelConfig } from "../config/model-config.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { CandidateRecord } from "../registry/version-record.ts";

type Split = Pick<ModelConfig, "features">;

/**
 * What draws a model's split by key: `features.split.seed`, or else what its version in production, or else its newest one,
 * was split by. So the trainer's seed moves no row, and a model keeps the split that it has.
 */
export async function splitSeedOf(config: Split & Pick<ModelConfig, "name">, snapshot: Snapshot): Promise<number> {
  if (config.features.split.seed !== undefined) return config.features.split.seed;
  const deployed = await snapshot.production(config.name);
  const version = deployed?.version ?? (await snapshot.versions(config.name)).at(-1);
  if (version === undefined) return firstSplitSeed(config);
  return recordedSplitSeed((await snapshot.record(config.name, version)).candidate);
}

/** Of a model without versions. */
export function firstSplitSeed({ features }: Split): number {
  return features.split.seed ?? 0;
}

/** What drew a recorded split; before it had a seed of its own, the trainer's did. */
export function recordedSplitSeed({ split_seed, config }: Pick<CandidateRecord, "split_seed" | "config">): number {
  return split_seed ?? config.features.split.seed ?? config.seed;
}
