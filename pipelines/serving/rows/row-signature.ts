import type { FeatureSpec } from "../../data/table.ts";
import { didYouMean } from "../../errors/did-you-mean.ts";
import type { VersionRecord } from "../../registry/version-record.ts";

/** What the rows of a request to one version have: its features, and perhaps the columns of its key. */
export interface RowSignature {
  features: readonly FeatureSpec[];
  key: readonly string[];
}

/** What a version takes. */
export function rowSignature({ candidate }: Pick<VersionRecord, "candidate">): RowSignature {
  return { features: candidate.features, key: candidate.config.features.key };
}

/** `carat is missing`, with the name that was probably meant among those that are there. */
export function missingColumn({ name, kind }: FeatureSpec, given: readonly string[], signature: RowSignature): string {
  const known = new Set([...signature.features.map((each) => each.name), ...signature.key]);
  const meant = didYouMean(name, given.filter((each) => !known.has(each)).slice(0, 100));
  const expected = kind === "category" ? "a text" : `a ${kind}`;
  const hint = meant === null ? "null stands for a missing value" : `was ${JSON.stringify(meant)} meant?`;
  return `${name} is missing; ${expected} was expected (${hint})`;
}
