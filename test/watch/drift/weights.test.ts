import { describe, expect, it } from "vitest";
import { featureWeights } from "../../../pipelines/watch/drift/feature-weights.ts";
import { testWeights } from "../../../pipelines/watch/drift/judge-drift.ts";
import type { FeatureProfile } from "../../../pipelines/watch/profile/profile.ts";

const distribution = {
  ...{ name: "x", kind: "category" as const, rows: 0, missing: 0, other: 0 },
  ...{ categories: [], unlisted: [], buckets: null },
};
const features = (shares: readonly (number | null)[]): FeatureProfile[] =>
  shares.map((importance) => ({ kind: "category", importance, distribution }));

describe("weights of features", () => {
  it.each([
    ["relative to the most important", [0.5, 0.25, 0.25], [1, 0.5, 0.5]],
    ["alike when alike, however many", [0.05, 0.05, 0.05], [1, 1, 1]],
    ["alike when nothing is known", [null, null], [1, 1]],
    ["alike when nothing matters", [0, 0], [1, 1]],
    ["none where the trainer said nothing of one", [0.8, null, -0.1], [1, 0, 0]],
  ])("are %s", (_, shares, expected) => {
    expect(featureWeights(features(shares))).toEqual(expected);
  });

  it("share the significance level by what they can do to the model", () => {
    expect(testWeights([1, 0.3, 0.15, 0.03, 0], 0.3)).toEqual([1, 1, 0.25, 0.05, 0.05]);
  });
});
