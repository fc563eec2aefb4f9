import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { type ReportOptions, renderReport } from "../../pipelines/report/render-report.ts";
import * as cases from "./cases.ts";
import { readChart } from "./markdown/xychart-grammar.ts";
import { readDetails, readTables, splitFences } from "./markdown-reader.ts";

const options: ReportOptions = { link: "https://example.org/runs/7", updated: "14:02 UTC", commit: "4be91c2d5f0a" };

const goldens: readonly [name: string, entries: readonly ReportEntry[]][] = [
  ["first-deploy", [cases.firstDeploy]],
  ["coefficient-intervals", [cases.coefficientIntervals]],
  ["improvement", [cases.improvement]],
  ["regression", [cases.regression]],
  ["inconclusive", [cases.inconclusive]],
  ["broken-baseline", [cases.brokenBaseline]],
  ["checks-failed", [cases.checksFailed]],
  ["failed-query", [cases.failedQuery]],
  ["broken-config", [cases.brokenConfig]],
  ["identical", [cases.identical]],
  ["held", [cases.held]],
  ["registered", [cases.registered]],
  ["several-models", [cases.improvement, cases.inconclusive, cases.regression]],
  ["nothing", []],
];

describe("reports as reviewers read them", () => {
  test.each(goldens)("%s", async (name, entries) => {
    const report = renderReport(entries, options);
    await expect(`${report}\n`).toMatchFileSnapshot(`golden/${name}.md`);
    const { text, fences } = splitFences(report);
    readTables(text);
    readDetails(text);
    for (const { language, body } of fences) if (language === "mermaid") readChart(body);
  });

  test("every golden file belongs to a case", async () => {
    const files = await readdir(new URL("golden/", import.meta.url));
    expect(files.filter((file) => file.endsWith(".md")).sort()).toEqual(goldens.map(([name]) => `${name}.md`).sort());
  });
});
