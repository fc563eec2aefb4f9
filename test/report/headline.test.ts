import { describe, expect, test } from "vitest";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { headline } from "../../pipelines/report/report-entry.ts";
import * as cases from "./cases.ts";

const { improvement: pass, regression: fail, inconclusive, failedQuery: error, held, identical, checksFailed } = cases;

describe("the heading", () => {
  test.each<[string, ReportEntry[]]>([
    ["no model changed", []],
    ["diamond-price can ship", [pass]],
    ["flight-delay is blocked", [fail]],
    ["bird-strike cannot ship yet", [inconclusive]],
    ["flight-delay stopped with an error", [error]],
    ["diamond-price is blocked by its data", [checksFailed]],
    ["flight-delay is held", [held]],
    ["diamond-price has nothing to deploy", [identical]],
    ["both models can ship", [pass, pass]],
    ["all 3 models can ship", [pass, pass, pass]],
    ["1 of 2 models can ship", [pass, fail]],
    ["none of 2 models can ship", [error, inconclusive]],
    ["1 model can ship (1 held)", [pass, held]],
    ["1 model cannot ship (2 the same as in production)", [fail, identical, identical]],
    ["nothing to deploy (1 held, 1 the same as in production)", [held, identical]],
  ])("%s", (expected, entries) => {
    expect(headline(entries)).toBe(expected);
  });
});
