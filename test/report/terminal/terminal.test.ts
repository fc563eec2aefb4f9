import { describe, expect, test } from "vitest";
import type { JudgedEntry } from "../../../pipelines/handover/training-outcome.ts";
import { renderChecks } from "../../../pipelines/report/terminal/check-table.ts";
import { type PlanRow, renderPlan } from "../../../pipelines/report/terminal/plan-table.ts";
import { renderStatus, type StatusRow } from "../../../pipelines/report/terminal/status-table.ts";
import { renderComparison, renderVerdict } from "../../../pipelines/report/terminal/terminal-comparison.ts";
import { textTable } from "../../../pipelines/report/terminal/text-table.ts";
import { renderVersionDiff } from "../../../pipelines/report/terminal/version-diff.ts";
import { renderVersion } from "../../../pipelines/report/terminal/version-page.ts";
import * as cases from "../cases.ts";

const { candidate, evaluation, verdict, production } = cases.improvement as JudgedEntry;
const regression = cases.regression as JudgedEntry;

function statusRow(model: string, changes: Partial<StatusRow> = {}): StatusRow {
  return {
    model,
    production: null,
    since: null,
    metric: null,
    value: null,
    by: null,
    challenger: null,
    drift: null,
    next: "–",
    ...changes,
  };
}

function lines(...all: string[]): string {
  return all.join("\n");
}

describe("tables for terminals", () => {
  test("columns are as wide as they look, and no line ends in spaces", () => {
    const table = textTable(
      [{ header: "name" }, { header: "n", align: "right" }, { header: "" }],
      [
        ["日本", "1", ""],
        ["é", "22", "x"],
      ],
    );
    expect(table).toBe(lines("name   n", "日本   1", "é     22  x"));
  });

  test("a cell cannot drive the terminal or break the line", () => {
    expect(textTable([{ header: "a" }], [["\u001b[2Jx\ny"]])).toBe(lines("a", "␛[2Jx y"));
  });

  test("status", () => {
    const rows = [
      statusRow("diamond-price", {
        production: 3,
        since: "2 days ago",
        metric: "rmse",
        value: 531.71,
        by: "octocat #41",
        drift: "clean",
      }),
      statusRow("bird-strike", {
        production: 1,
        since: "3 weeks ago",
        metric: "log_loss",
        value: 0.2409,
        by: "hubot",
        next: "retrain PR #44",
      }),
      statusRow("new-one", { next: "new: mergeml run new-one" }),
    ];
    expect(renderStatus(rows)).toBe(
      lines(
        "model          production  since        primary          by           drift  next",
        "diamond-price  v3          2 days ago   rmse 531.7       octocat #41  clean  –",
        "bird-strike    v1          3 weeks ago  log_loss 0.2409  hubot        –      retrain PR #44",
        "new-one        –           –            –                –            –      new: mergeml run new-one",
      ),
    );
  });

  test("status of models with one metric and no drift", () => {
    const row = statusRow("m", { production: 12, since: "just now", metric: "rmse", value: 30, by: "hubot" });
    expect(renderStatus([row])).toBe(
      lines("model  production  since     rmse   by     next", "m      v12         just now  30.00  hubot  –"),
    );
  });

  test("plan", () => {
    const rows: PlanRow[] = [
      { model: "a", state: "new", detail: "nothing in production" },
      { model: "bcd", state: "unchanged", detail: "v2 in production" },
    ];
    expect(renderPlan(rows)).toBe(
      lines(
        "model  state      detail",
        "a      new        nothing in production",
        "bcd    unchanged  v2 in production",
        "",
        "2 models: 1 new, 1 unchanged",
      ),
    );
    expect(renderPlan([])).toBe("no models");
  });

  test("a plan of many unchanged models lists only the others", () => {
    const rows = Array.from(
      { length: 1000 },
      (_, at): PlanRow => ({ model: `m${at}`, state: at === 7 ? "changed" : "unchanged", detail: "x" }),
    );
    expect(renderPlan(rows)).toBe(
      lines("model  state    detail", "m7     changed  x", "", "1,000 models: 999 unchanged, 1 changed"),
    );
    expect(renderPlan(rows.filter(({ state }) => state === "unchanged"))).toBe("999 models: 999 unchanged");
  });

  test("data checks, those that failed first", () => {
    expect(
      renderChecks((cases.checksFailed as Extract<typeof cases.checksFailed, { state: "checks-failed" }>).checks),
    ).toBe(
      lines(
        "result   data check                                          found",
        "failed   price between [0, 20000]                            12 of 53,940 rows, e.g. -3",
        "warning  cut in_set [Fair, Good, Very Good, Premium, Ideal]  1 of 53,940 rows, e.g. Idael",
        "passed   carat not_null                                      0 of 53,940 rows",
        "",
        "1 of 3 passed",
      ),
    );
  });

  test("a comparison with production", () => {
    expect(renderComparison(evaluation)).toBe(
      lines(
        "metric      naive  production v3  candidate        Δ       95% interval",
        "rmse (min)  3,989          548.2      531.7    −16.5      −21.9 … −11.2",
        "mae (min)   3,031          281.4      276.9     −4.5        −5.7 … −3.3",
        "r2 (max)     0.00         0.9811     0.9822  +0.0011  +0.0007 … +0.0015",
        "",
        "on 10,788 test rows",
      ),
    );
  });

  test("a comparison without production leaves its columns out", () => {
    expect(renderComparison((cases.firstDeploy as JudgedEntry).evaluation)).toContain("metric      naive  candidate\n");
  });

  test("a verdict with what is broken and waived", () => {
    const text = renderVerdict(regression.verdict);
    expect(text.split("\n")[0]).toMatch(/^fail: Blocked: rmse 30\.02 must be below production's 29\.61/);
    expect(text).toContain("\n  fail: On origin=ORD (21,000 test rows)");
    expect(text).toContain("\n  waived until 2026-12-31: slice:origin=ATL, New runway");
  });

  test("a verdict that passes is one line", () => {
    expect(renderVerdict(verdict)).toMatch(/^pass: rmse 531\.7 is better than production's 548\.2.*\.$/);
  });

  test("a version", () => {
    const text = renderVersion(production!, { in_production: true });
    expect(text).toMatch(
      /^diamond-price@3 {2}in production\n\nregistered {3}2026-02-10T12:00:00\.000Z by octocat in #41\n/,
    );
    expect(text).toContain("params       l2 1\n");
    expect(text).toContain("train        43,152 rows fp:");
  });

  test("the difference of two versions", () => {
    const after = { ...production!, version: 4, candidate, evaluation };
    const text = renderVersionDiff(production!, after);
    expect(text).toContain(
      lines("config                 diamond-price@3", "type                   linear").split("\n")[0],
    );
    expect(text).toContain("-select id, carat, cut, price\n+select id, carat, cut, color, price");
    expect(text).toContain("Both were scored on the same test rows.");
    expect(renderVersionDiff(production!, production!)).toContain("config: the same\n\nquery: the same");
  });
});
