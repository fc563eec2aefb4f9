import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { standingOf } from "../../pipelines/registry/standing.ts";
import { driftReport, driftReports } from "../../pipelines/report/drift/drift-report.ts";
import { renderDriftDetails, renderDriftTable } from "../../pipelines/report/drift/drift-terminal.ts";
import type { ColumnDrift } from "../../pipelines/watch/drift/drift-result.ts";
import type { ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { decideRollback, type LiveFinding } from "../../pipelines/watch/promotion/decide-rollback.ts";
import { drifting, driftResult, modelDrift, performanceDrift } from "../watch/drift/results.ts";
import { deploymentsOf, errors, evidence } from "../watch/promotion/builders.ts";
import { driftCases } from "./drift-cases.ts";
import { hostileText } from "./hostile-text.ts";
import { readChart } from "./markdown/xychart-grammar.ts";
import { readDetails, readTables, splitFences } from "./markdown-reader.ts";

function readReport(markdown: string): void {
  const { text, fences } = splitFences(markdown);
  readTables(text);
  readDetails(text);
  for (const { language, body } of fences) if (language === "mermaid") readChart(body);
}

describe("drift reports as a person reads them", () => {
  test.each(Object.entries(driftCases))("%s", async (name, entries) => {
    const report = driftReports(entries);
    await expect(report).toMatchFileSnapshot(`golden-drift/${name}.md`);
    readReport(report);
  });

  test.each(Object.entries(driftCases))("%s, in a terminal", async (name, entries) => {
    const details = entries.flatMap((entry) => (entry.outcome === "error" ? [] : [renderDriftDetails(entry)]));
    const text = [renderDriftTable(entries), ...details].join("\n\n\n");
    await expect(`${text}\n`).toMatchFileSnapshot(`golden-drift/${name}.txt`);
  });

  test("every golden file belongs to a case", async () => {
    const files = await readdir(new URL("golden-drift/", import.meta.url));
    const expected = Object.keys(driftCases).flatMap((name) => [`${name}.md`, `${name}.txt`]);
    expect(files.filter((file) => file !== "biome.json").sort()).toEqual(expected.sort());
  });
});

describe("a drift report in an issue", () => {
  const drift = modelDrift({
    result: driftResult({ outcome: "drift", because: ["prediction"], predictions: [drifting({ name: "prediction" })] }),
  });

  it("links to the retrain, offers a rollback, and says that it can be closed", () => {
    const { title, body } = driftReport(drift, { retrain: "Merge #44", issue: true });
    expect(title).toBe("flight-delay is drifting: predictions");
    expect(body).toContain(
      "1. Merge #44\n2. Or roll back: `mergeml rollback flight-delay`\n3. Or close this issue as expected",
    );
  });

  it("offers no rollback for a first version, nor for features alone", () => {
    expect(driftReport({ ...drift, version: 1 }).body).not.toContain("rollback");
    const result = { ...drift.result, because: ["features"] as const };
    expect(driftReport({ ...drift, result }).body).not.toContain("rollback");
  });

  it("names the streak by the length of the window", () => {
    const [point] = drift.history;
    const of = (every: string, count: number) =>
      driftReport({ ...drift, every, history: Array.from({ length: count }, () => point!) }).title;
    expect(of("7d", 2)).toMatch(/, second week in a row$/);
    expect(of("1d", 7)).toMatch(/, seventh day in a row$/);
    expect(of("12h", 3)).toMatch(/, third window in a row$/);
    expect(of("1w", 8)).toMatch(/, at least the eighth week in a row$/);
  });
});

/** A drift in which everything that data and files can hold is one of the texts. */
function hostileDrift(texts: readonly string[], columns = 1): ModelDrift {
  const text = (at: number) => texts[at % texts.length]!;
  const facts = { rows: 10, missing: 0.5, infinite: 0.1, mean: null, deviation: null, min: null, max: null };
  const column = (kind: ColumnDrift["kind"], at: number): ColumnDrift =>
    drifting({
      name: text(at),
      kind,
      effects: [
        { name: "total variation", value: 0.5, limit: 0.05, p: 0, exceeds: true },
        { name: "unseen", value: 0.5, limit: 0.05, p: null, exceeds: true },
      ],
      reference: { ...facts, unseen: [] },
      current: { ...facts, unseen: [{ value: text(at + 1), share: 0.5 }] },
      shape: [
        { label: text(at + 2), reference: 0.5, current: 0 },
        { label: text(at + 3), reference: 0.5, current: 1 },
      ],
    });
  return modelDrift({
    source: "log",
    labels: { known: 0, late: 0, missing: 0, duplicated: 0, problem: text(4) },
    log: { files: 2, skipped: [{ file: text(5), reason: text(6) }], otherVersions: 0 },
    unread: [{ from: "2001-05-01T00:00:00.000Z", to: "2001-05-08T00:00:00.000Z", reason: text(10) }],
    rollback: {
      evidence: evidence([{ condition: "error_rate", state: "unknown", reason: text(10) }]),
      decision: { action: "held", version: 2, broken: [], why: text(11) },
    },
    result: driftResult({
      outcome: "drift",
      because: ["features"],
      features: Array.from({ length: columns }, (_, at) => column("category", at)),
      predictions: [column("category", 7)],
      added: [text(8)],
      performance: performanceDrift({ current: null, problem: text(9), verdict: "stable" }),
    }),
  });
}

describe("limits of rollback.when", () => {
  const judged = (finding: LiveFinding, ...moves: string[]) => {
    const standing = standingOf(deploymentsOf(...moves));
    const found = evidence([finding], { version: standing!.version, promotion: standing!.promotion });
    return modelDrift({ rollback: { evidence: found, decision: decideRollback(found, standing) } });
  };

  it("are told with what follows, in the report and on the terminal", () => {
    const { body } = driftReport(judged(errors(), "m ->1", "m 1>2"));
    expect(body).toContain(
      "Limits of rollback.when: v2 breaks error_rate; v1 was there before. From 2026-01-05 00:00 UTC to 2026-01-12 00:00 UTC, where at least 200 rows count:\n- **broken**: 12% of 1,000 requests failed (limit 5%)",
    );
    expect(body).toContain("To go back to v1: `mergeml rollback rent --when-broken`");
    const table = renderDriftTable([judged(errors(), "m ->2"), modelDrift()]);
    expect(table).toContain(
      "flight-delay: Limits of rollback.when: v2 breaks error_rate, but nothing was in production before it: without it nothing would be. It stays, for you to decide.",
    );
    expect(table).toContain("- broken: 12% of 1,000 requests failed (limit 5%)");
  });

  it("that are kept do not ask for attention", () => {
    const kept = judged(errors({ share: 0 }), "m ->1", "m 1>2");
    expect(renderDriftDetails(kept)).toContain("v2 keeps its limits. From 2026-01-05 00:00 UTC");
    expect(renderDriftTable([kept])).not.toContain("limits");
    expect(driftReport(modelDrift()).body).not.toContain("rollback.when");
  });
});

describe("whatever the data holds", () => {
  it("the report stays well-formed, and the terminal clean", () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 3, maxLength: 12 }), (texts) => {
        const drift = hostileDrift(texts);
        const { body } = driftReport(drift);
        readReport(body);
        const { text } = splitFences(body);
        expect(text).not.toMatch(/(?<![\\`])@[a-z]|<img|<!--|(?<!:&zwnj;)\/\/evil/i);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
        expect(renderDriftDetails(drift) + renderDriftTable([drift])).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
      }),
      { numRuns: 150 },
    );
  });

  it.each([60_000, 20_000, 3_000, 700])("fits into %d characters", (limit) => {
    const drift = hostileDrift(["@#|`<&@#|`<&".repeat(20), "[a](b)~~*_".repeat(20), "🙂".repeat(80)], 2_000);
    const { body } = driftReport(drift, { limit });
    expect(body.length).toBeLessThanOrEqual(limit);
    expect(body.length).toBeGreaterThan(limit / 30);
    if (limit > 700) readReport(body);
  });
});
