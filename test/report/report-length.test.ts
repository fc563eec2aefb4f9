import { describe, expect, test } from "vitest";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { commentLimit, renderReport } from "../../pipelines/report/render-report.ts";
import { candidate, evaluation, judged, metric, modelConfig } from "./builders.ts";
import * as cases from "./cases.ts";
import { readDetails, readTables, splitFences } from "./markdown-reader.ts";

/** So many models, every third of them blocked. */
function models(count: number): ReportEntry[] {
  return Array.from({ length: count }, (_, at) => {
    const name = `model-${String(at).padStart(3, "0")}`;
    const scores = evaluation({ metrics: [metric("rmse", { naive: 4000, candidate: at % 3 === 0 ? 1200 : 800 })] });
    return judged(candidate(modelConfig(name)), scores, null);
  });
}

function sections(report: string): number {
  return report.match(/^### /gm)?.length ?? 0;
}

describe("the length of a report", () => {
  test("a report that fits is whole", () => {
    expect(renderReport([cases.regression, cases.improvement])).not.toContain("Left out");
  });

  test("500 models fit, the worst in full, and what is left out is said", () => {
    const report = renderReport(models(500), { link: "https://example.org/runs/7" });
    expect(report.length).toBeLessThanOrEqual(commentLimit);
    expect(report.split("\n")[0]).toBe("## mergeml: 333 of 500 models can ship");
    expect(readTables(splitFences(report).text)[0]!.length - 2).toBe(500);
    expect(sections(report)).toBeGreaterThan(10);
    expect(report).toMatch(
      /Left out, because a comment has a limit:\*\* 2000 folded parts, \d+ models' sections \(model-\d+, .*, …\)\. The \[full report\]\(https:\/\/example\.org\/runs\/7\) has everything\./,
    );
  });

  test("5,000 models still give a report", () => {
    const report = renderReport(models(5000));
    expect(report.length).toBeLessThanOrEqual(commentLimit);
    expect(report).toMatch(/\d+ rows of the summary\. `mergeml report` on the candidates prints everything\./);
  });

  test("folded parts of the best model go first, then those of the worse, then sections, then the summary", () => {
    const entries = [cases.improvement, cases.inconclusive, cases.regression];
    const whole = renderReport(entries);
    const folds = (report: string, model: string) => {
      const section = report.split(/^### /m).find((part) => part.includes(`</a>${model}`));
      return section === undefined ? -1 : readDetails(splitFences(section).text).length;
    };
    let before = [7, 7, 7, 3];
    for (let limit = whole.length; limit > 0; limit -= 97) {
      const report = renderReport(entries, { limit });
      expect(report.length).toBeLessThanOrEqual(limit);
      const { text } = splitFences(report);
      readDetails(text);
      const rows = (readTables(text)[0]?.length ?? 2) - 2;
      const kept = [folds(report, "flight-delay"), folds(report, "bird-strike"), folds(report, "diamond-price"), rows];
      expect(kept.filter((count, at) => count > before[at]!)).toEqual([]);
      expect(kept[0]! > 0 || kept[1]! <= 0).toBe(true);
      expect(kept[1]! > 0 || kept[2]! <= 0).toBe(true);
      before = kept;
    }
    expect(before).toEqual([-1, -1, -1, 0]);
  });

  test("one huge entry does not use up the report", () => {
    const problems = Array.from({ length: 10_000 }, (_, at) => ({ message: `problem ${at} ${"x".repeat(5000)}` }));
    const report = renderReport([{ state: "error", model: "big", during: "the config", problems }, ...models(3)]);
    expect(report.length).toBeLessThanOrEqual(commentLimit);
    expect(report).toContain("and 9,980 more problems");
    expect(sections(report)).toBe(4);
  });

  test("the order of the entries does not matter", () => {
    const entries = [
      cases.improvement,
      cases.regression,
      cases.held,
      cases.failedQuery,
      cases.identical,
      cases.checksFailed,
    ];
    expect(renderReport(entries.toReversed())).toBe(renderReport(entries));
  });
});
