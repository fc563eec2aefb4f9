import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { JudgedEntry } from "../../../pipelines/handover/training-outcome.ts";
import { renderDriftTable } from "../../../pipelines/report/drift/drift-terminal.ts";
import { renderChecks } from "../../../pipelines/report/terminal/check-table.ts";
import { renderPlan } from "../../../pipelines/report/terminal/plan-table.ts";
import { renderRun, renderRunComparison, renderRuns } from "../../../pipelines/report/terminal/runs-table.ts";
import { renderStatus, type StatusRow } from "../../../pipelines/report/terminal/status-table.ts";
import { renderComparison } from "../../../pipelines/report/terminal/terminal-comparison.ts";
import { definitionList, textTable, textWidth } from "../../../pipelines/report/terminal/text-table.ts";
import { renderVersionDiff } from "../../../pipelines/report/terminal/version-diff.ts";
import { renderVersion } from "../../../pipelines/report/terminal/version-page.ts";
import { renderViewList } from "../../../pipelines/report/terminal/view-table.ts";
import { listRuns } from "../../../pipelines/run-log/list-runs.ts";
import { main } from "../../../scripts/cli/main.ts";
import { commands } from "../../../scripts/commands/index.ts";
import { makeRun, minutesLater } from "../../run-log/builders.ts";
import * as cases from "../cases.ts";
import { driftCases } from "../drift-cases.ts";

const { candidate, evaluation, production } = cases.improvement as JudgedEntry;
const { checks } = cases.checksFailed as Extract<typeof cases.checksFailed, { state: "checks-failed" }>;
const runs = [0, 1, 2].map((at) => makeRun({ time: minutesLater(at), params: { trees: 10 + at, max_leaves: 31 } }));

const model: StatusRow = {
  model: "flight-delay",
  production: 2,
  since: "3 weeks ago",
  metric: "rmse",
  value: 29.61,
  scores: [31, 30.2, 29.61],
  by: "hubot #38",
  challenger: null,
  drift: "drift (2026-11-20) ▁▂▃▅▆▇▁▂",
  next: "changed: mergeml run flight-delay",
};
const wide: StatusRow = { ...model, model: "予測モデル".repeat(6), drift: null, scores: [], next: "–" };

const view = {
  ...{ name: "customer", description: "What is known of a customer on the day of an order", owner: "team-data" },
  ...{ key: ["customer_id", "country"], time: "known_at", ttl: "30d", columns: {}, constraints: 2, reads: [] },
  models: ["flight-delay", "diamond-price"],
};

/** Every table of the terminal, without the sentences around it. */
const tables: Readonly<Record<string, (width?: number) => string>> = {
  status: (width) => renderStatus([model, wide], width),
  plan: (width) =>
    renderPlan([{ model: "flight-delay", state: "changed", detail: "params.max_leaves 31 → 63, window moved" }], width),
  runs: (width) => renderRuns(listRuns(runs, {}), undefined, width),
  "a run": (width) => renderRun(runs[0]!, width),
  "two runs": (width) => renderRunComparison(runs[0]!, runs[1]!, width).replace(/\n\n[^\n]*$/, ""),
  "data checks": (width) => renderChecks(checks, width),
  metrics: (width) => renderComparison(evaluation, width),
  "a version": (width) =>
    renderVersion(production!, { in_production: true }, width).replace(/\n\n(pass|fail)[\s\S]*$/, ""),
  "two versions": (width) =>
    renderVersionDiff(production!, { ...production!, version: 4, candidate, evaluation }, width).replace(
      /\n\nquery\n[\s\S]*?(?=\n\ndata)/,
      "",
    ),
  "feature views": (width) => renderViewList([view], width),
  drift: (width) => renderDriftTable(driftCases["several-models"]!, width).split("\n\n")[0]!,
};

describe("a narrow screen", () => {
  test.each(Object.keys(tables).flatMap((name) => [40, 60, 80].map((width) => [name, width] as const)))(
    "%s in %d columns: no line is wider, and no word is lost",
    (name, width) => {
      const text = tables[name]!(width);
      for (const line of text.split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(width);
      const joined = (from: string) => from.replaceAll(/[\s:]+/g, "");
      // What is longer than a column may be broken, and goes on below the beginning of its neighbour.
      const words = tables[name]!()
        .split(/\s+/)
        .filter((word) => word !== "–" && word.length <= 24);
      for (const word of words) expect(joined(text)).toContain(joined(word));
    },
  );

  test("status is a table where it fits, then texts below their row, then cells below one another", () => {
    expect(renderStatus([model], 130)).toBe(
      [
        "model         production  since        rmse   versions  by         drift                        next",
        "flight-delay  v2          3 weeks ago  29.61  █▃▁       hubot #38  drift (2026-11-20) ▁▂▃▅▆▇▁▂  changed: mergeml run flight-delay",
      ].join("\n"),
    );
    expect(renderStatus([model], 80)).toBe(
      [
        "model         production  since        rmse   versions  by",
        "flight-delay  v2          3 weeks ago  29.61  █▃▁       hubot #38",
        "  drift: drift (2026-11-20) ▁▂▃▅▆▇▁▂",
        "  next: changed: mergeml run flight-delay",
      ].join("\n"),
    );
    expect(renderStatus([model, wide], 40)).toBe(
      [
        "model",
        "flight-delay",
        "  production  v2",
        "  since       3 weeks ago",
        "  rmse        29.61",
        "  versions    █▃▁",
        "  by          hubot #38",
        "  drift       drift (2026-11-20)",
        "              ▁▂▃▅▆▇▁▂",
        "  next        changed: mergeml run",
        "              flight-delay",
        "予測モデル予測モデル予測モデル予測モデル",
        "予測モデル予測モデル",
        "  production  v2",
        "  since       3 weeks ago",
        "  rmse        29.61",
        "  versions    –",
        "  by          hubot #38",
        "  drift       –",
        "  next        –",
      ].join("\n"),
    );
  });

  test("a text is wrapped in its column where the others fit", () => {
    const columns = ["model", "state", "detail"].map((header) => ({ header }));
    const rows = [["m", "changed", "params.max_leaves 31 → 63 and the window moved"]];
    expect(textTable(columns, rows, { width: 40 })).toBe(
      [
        "model  state    detail",
        "m      changed  params.max_leaves 31 →",
        "                63 and the window moved",
      ].join("\n"),
    );
  });

  it("holds whatever is in the cells", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { maxLength: 6 }),
        fc.integer({ min: 30, max: 100 }),
        (rows, width) => {
          const columns = [
            { header: "" },
            { header: "name" },
            { header: "n", align: "right" as const },
            { header: "what" },
          ];
          const text = textTable(
            columns,
            rows.map(([mark = "", name = "", n = "", what = ""]) => [mark.slice(0, 1), name, n.slice(0, 4), what]),
            { width },
          );
          // A family of emoji is one character, which no line breaks.
          const allowed = (line: string) =>
            Math.max(width, [...new Intl.Segmenter().segment(line.trim())].length === 1 ? 99 : 0);
          for (const line of text.split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(allowed(line));
        },
      ),
    );
  });

  test("terms stand above what they mean", () => {
    expect(definitionList([["--now <time>", "Look at the windows before this moment, UTC"]], 40)).toBe(
      ["  --now <time>", "      Look at the windows before this", "      moment, UTC"].join("\n"),
    );
    expect(
      definitionList([
        ["--now <time>", "Look at the windows before this moment, UTC"],
        ["-h", "Help"],
      ]),
    ).toBe(["  --now <time>  Look at the windows before this moment, UTC", "  -h            Help"].join("\n"));
  });
});

describe("help in 40 columns", () => {
  test.each([["--help"], ...Object.keys(commands).map((verb) => [verb, "--help"])])("%s %s", async (...argv) => {
    let stdout = "";
    const screen = { write: (text: string) => (stdout += text), isTTY: true, columns: 40 };
    expect(await main(argv, { env: {}, directory: import.meta.dirname, stdout: screen, stderr: screen })).toBe(0);
    const [told = ""] = stdout.split("Examples:");
    const usage = /^mergeml .*$/m; // as it is typed, in one piece
    for (const line of told.replace(usage, "").split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(40);
  });
});
