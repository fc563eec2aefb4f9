import { type ConfigChange, describeChange } from "../config/describe-change.ts";
import type { CandidateRecord } from "../registry/version-record.ts";

/** What differs in what the user wrote, and in the trainer's version; the query's text is left to a diff of its lines. */
export function configChanges(before: CandidateRecord, after: CandidateRecord): ConfigChange[] {
  const sameTrainer = before.trainer.name !== after.trainer.name || before.trainer.version === after.trainer.version;
  return [
    ...describeChange(before.config, after.config, before.query, after.query),
    ...(sameTrainer ? [] : [{ key: "trainer version", before: before.trainer.version, after: after.trainer.version }]),
  ].filter(({ key }) => key !== "features.query" || before.query === after.query);
}

/** A config value as a reader wrote it. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return "–";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
}
