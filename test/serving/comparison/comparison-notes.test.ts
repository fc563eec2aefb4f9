import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  type ChallengerComparison,
  openComparisonNotes,
  rememberComparison,
} from "../../../pipelines/serving/comparison/trial-notes.ts";
import type { TableEntry } from "../../../pipelines/serving/serving-facts.ts";
import { openStepCache } from "../../../pipelines/workspace/step-cache.ts";
import { servedModel } from "../builders.ts";

it("the page is told what mergeml compare found where the server runs, of the versions that answer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-comparison-"));
  const [production, challenger, another] = [servedModel(1), servedModel(2), servedModel(3)];
  const entry = (model = challenger): TableEntry => ({
    name: "rent",
    pair: { production, challenger: { model, share: null } },
    undeployed: null,
    failures: [],
  });
  let now = entry();
  const cache = openStepCache(folder, true);
  const notes = openComparisonNotes(cache, { all: () => [now] }, 20);
  try {
    expect(notes.of(now)).toBeNull();
    const difference = { value: -0.3, low: -0.5, high: -0.1, confidence: 0.95 };
    const metric = { metric: "rmse", direction: "min" as const, production: 29, challenger: 28.7, difference };
    const records = { production: production.record, challenger: challenger.record };
    const compared = { metrics: [metric], judged: { production: 900, challenger: 812 } };
    await rememberComparison(cache, records, compared as unknown as ChallengerComparison);
    await expect
      .poll(() => notes.of(now))
      .toEqual({ metric: "rmse", direction: "min", difference: -0.3, low: -0.5, high: -0.1, rows: 812 });
    now = entry(another);
    await expect.poll(() => notes.of(now)).toBeNull();
    expect(openComparisonNotes(null, { all: () => [now] }).of(now)).toBeNull();
  } finally {
    notes[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
});
