import { expect, it } from "vitest";
import { type DriftEntry, worstDriftFirst } from "../../../pipelines/watch/drift/model-drift.ts";
import { drifting, driftResult, failedDrift, modelDrift } from "./results.ts";

it("puts what asks for attention first", () => {
  const moved = (value: number) => {
    const effects = [{ name: "wasserstein", value, limit: 0.1, p: 1e-9, exceeds: true }] as const;
    return driftResult({ outcome: "drift", because: ["prediction"], predictions: [drifting({ effects })] });
  };
  const entries: DriftEntry[] = [
    modelDrift({ model: "clean-b" }),
    modelDrift({ model: "clean-a" }),
    modelDrift({ model: "few", result: driftResult({ outcome: "too few rows" }) }),
    modelDrift({ model: "once", result: moved(0.9) }),
    failedDrift("broken"),
    modelDrift({ model: "lasting", result: moved(0.2), persistent: "drift" }),
    modelDrift({ model: "lasting-and-large", result: moved(0.4), persistent: "drift" }),
  ];
  expect(worstDriftFirst(entries).map(({ model }) => model)).toEqual([
    "lasting-and-large",
    "lasting",
    "broken",
    "once",
    "few",
    "clean-a",
    "clean-b",
  ]);
});
