import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { ChallengerComparison } from "../../pipelines/serving/comparison/arm-facts.ts";
import { rememberComparison } from "../../pipelines/serving/comparison/last-comparison.ts";
import { openLiveFindings } from "../../pipelines/serving/live-findings.ts";
import type { TableEntry } from "../../pipelines/serving/model-table.ts";
import { rememberCheck } from "../../pipelines/watch/last-check.ts";
import { openStepCache } from "../../pipelines/workspace/step-cache.ts";
import { servedModel } from "./builders.ts";

it("the page is told what was found where the server runs, of the versions that answer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-findings-"));
  const [production, challenger, another] = [servedModel(1), servedModel(2), servedModel(3)];
  const entry = (model = challenger): TableEntry => ({
    name: "rent",
    pair: { production, challenger: { model, share: null } },
    undeployed: null,
    failures: [],
  });
  let now = entry();
  const cache = openStepCache(folder, true);
  const findings = openLiveFindings(cache, { all: () => [now] }, 20);
  try {
    expect(findings.of(now)).toEqual({ drift: null, comparison: null });
    const window = { from: "2001-06-01T00:00:00.000Z", to: "2001-06-08T00:00:00.000Z" };
    await rememberCheck(cache, production.record, { outcome: "clean", persistent: "clean", window });
    const difference = { value: -0.3, low: -0.5, high: -0.1, confidence: 0.95 };
    const metric = { metric: "rmse", direction: "min" as const, production: 29, challenger: 28.7, difference };
    const records = { production: production.record, challenger: challenger.record };
    const compared = { metrics: [metric], judged: { production: 900, challenger: 812 } };
    await rememberComparison(cache, records, compared as unknown as ChallengerComparison);
    await expect
      .poll(() => findings.of(now))
      .toEqual({
        drift: { outcome: "clean", persistent: "clean", window },
        comparison: { metric: "rmse", direction: "min", difference: -0.3, low: -0.5, high: -0.1, rows: 812 },
      });
    now = entry(another);
    await expect.poll(() => findings.of(now).comparison).toBeNull();
    expect(openLiveFindings(null, { all: () => [now] }).of(now)).toEqual({ drift: null, comparison: null });
  } finally {
    findings[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
});
