import { createHash } from "node:crypto";
import { canonicalJson, type Json, sha256 } from "./canonical-json.ts";
import type { ModelConfig } from "./model-config.ts";

/**
 * `sha256:` and 64 hex digits of what the user wrote that determines the model's bytes: config, query and trainer, without the data.
 * Left out, because they change when a model is judged, watched or run, but not what is trained: description, owner,
 * drift, retrain, rollback, promote, serving, card, resources but for max_rows, thresholds and features.checks and the views' constraints. `files` are hashes of a program's files by path.
 */
export function definitionHash(
  config: ModelConfig,
  queryText: string,
  trainer: { name: string; version: number },
  files?: Readonly<Record<string, string>>,
): string {
  const { name, task, type, seed, params, features } = config;
  // What the composition says of the model's bytes is in the text of the query.
  const { checks: _, composition: __, ...data } = features;
  const determining = { name, task, type, seed, params, features: data, ...searchOf(config), ...sampleOf(config) };
  return sha256(
    canonicalJson({
      config: determining,
      query: queryText,
      trainer: { name: trainer.name, version: trainer.version },
      // Absent for trainers that read no files, so that their hashes stay what they were.
      ...(files && { files }),
    }),
  );
}

/** Absent without a search, so that adding the feature changed no hash. How many trials run side by side changes nothing either. */
function searchOf({ search }: ModelConfig): { search?: Json } {
  if (!search) return {};
  const { parallel: _, ...determining } = search;
  return { search: determining as unknown as Json };
}

/** Absent without a limit, so that adding the key changed no hash. */
function sampleOf({ resources: { max_rows } }: ModelConfig): { max_rows?: number } {
  return max_rows === undefined ? {} : { max_rows };
}

/** `c-` and 64 hex digits: the identity of a candidate, a function of its definition and of its two splits. */
export function candidateId(definition: string, trainFingerprint: string, testFingerprint: string): string {
  const inputs = canonicalJson({ definition, train: trainFingerprint, test: testFingerprint });
  return `c-${createHash("sha256").update(inputs).digest("hex")}`;
}
