import { expect, it } from "vitest";
import type { JudgedEntry } from "../../pipelines/handover/training-outcome.ts";
import { renderReport } from "../../pipelines/report/render-report.ts";
import { historyFold } from "../../pipelines/report/version-history.ts";
import * as cases from "./cases.ts";

const version = (number: number, value: number | null, metric = "rmse") => ({
  ...{ version: number, metric, value, registered: "2026-11-19T10:00:00Z", in_production: number === 3 },
});

it("shows the primary metric of the versions as text, chart and table", () => {
  const versions = [version(1, 60), version(2, 50), version(3, 40)];
  const fold = historyFold(versions, { metric: "rmse", value: 45 });
  expect(fold?.title).toBe("History: 3 versions");
  expect(fold?.body).toMatch(/^rmse: 60\.00 \(v1\) █▄▁▂ 45\.00 \(candidate\)\./);
  expect(fold?.body).toContain('x-axis ["v1", "v2", "v3", "candidate"]');
  expect(fold?.body).toContain("2026-11-19, in production");
});

it("is silent without another version of this metric", () => {
  expect(historyFold([], { metric: "rmse", value: 45 })).toBeNull();
  expect(historyFold([version(1, 60, "mae"), version(2, null)], { metric: "rmse", value: 45 })).toBeNull();
});

it("is part of a report that is given it", () => {
  const { candidate, evaluation } = cases.improvement as JudgedEntry;
  const [name, metric] = [candidate.config.name, evaluation.primary];
  const histories = new Map([[name, [version(1, 600, metric), version(2, 550, metric)]]]);
  expect(renderReport([cases.improvement], { histories })).toContain("<summary>History: 2 versions</summary>");
  expect(renderReport([cases.improvement])).not.toContain("History");
});
