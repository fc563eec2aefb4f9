import { describe, expect, test } from "vitest";
import type { ReportEntry } from "../../../pipelines/handover/training-outcome.ts";
import { driftPage } from "../../../pipelines/report/html/drift-page.ts";
import { reportPage, type ScoredVersion, versionPage } from "../../../pipelines/report/html/report-page.ts";
import * as cases from "../cases.ts";
import { driftCases } from "../drift-cases.ts";
import { hostileEntries } from "../hostile-entries.ts";
import { classified, regressed, sorted } from "./pictured.ts";
import { compareWithRecord } from "./told-numbers.ts";

const history: ScoredVersion[] = [1, 2, 3].map((version) => ({
  version,
  metric: "rmse",
  value: 31 - version,
  registered: `2026-11-0${version}T10:00:00.000Z`,
  in_production: version === 2,
}));

/** What a page may say with digits that are none of the record's: axes of tables, words. */
const words = /^(?:near 0|.*\b(?:v\d+|95%|outermost 1%|worst \d+ of \d+).*|−?[\d.,]+–.*|[≤>] .*)$/s;

describe("the report of candidates", () => {
  test.each<[string, ReportEntry]>([
    ["a regression", regressed],
    ["a classification of two classes", classified],
    ["one of three", sorted],
  ])("%s: every number is the record's, and there are many", async (_, entry) => {
    const record = { entries: [entry], histories: [history] };
    const page = await reportPage(record);
    const { numbers, texts, wrong, others, pictured } = compareWithRecord(page, record);
    expect(wrong).toEqual([]);
    expect(pictured).toBeGreaterThanOrEqual(12);
    expect(numbers).toBeGreaterThan(400);
    expect(texts).toBeGreaterThan(20);
    expect(others.filter((each) => !words.test(each))).toEqual([]);
    expect(page.length).toBeLessThan(500_000);
    expect(page.match(/<svg /g)!.length).toBeGreaterThan(10);
  });

  test("every kind of outcome is told", async () => {
    const entries: ReportEntry[] = [
      cases.firstDeploy,
      cases.improvement,
      cases.regression,
      cases.inconclusive,
      cases.brokenBaseline,
      cases.checksFailed,
      cases.failedQuery,
      cases.brokenConfig,
      cases.identical,
      cases.held,
    ];
    const record = { entries, histories: entries.map(() => []) };
    const page = await reportPage(record);
    expect(compareWithRecord(page, record).wrong).toEqual([]);
    for (const said of ["Can ship", "Blocked", "Inconclusive", "Stopped by an error", "Nothing to deploy", "Held"])
      expect(page).toContain(said);
  });

  test("a number that is not the record's is found", async () => {
    const record = { entries: [regressed], histories: [[]] };
    const page = (await reportPage(record)).replace(
      /(<data data-path="evaluation\.metrics\.0\.candidate" value=")[^"]*/,
      "$1" + "7",
    );
    expect(compareWithRecord(page, record).wrong).not.toEqual([]);
    const shifted = (await reportPage(record)).replace(/(<data data-axis="[^"]*" data-at="3">)[^<]*/, "$1" + "7");
    expect(compareWithRecord(shifted, record).wrong).toHaveLength(1);
  });

  test.each([
    [
      "its words",
      /aria-label="rmse: naive 12\.41/,
      'aria-label="rmse: naive 12.61',
      "evaluation.metrics.0.naive is 12.4",
    ],
    ["a label", />5\.235<\/text>/, ">5.335</text>", "a label says 5.335"],
    ["where a label stands", /translate\(131\.68,78\)" y/, 'translate(151.68,78)" y', "5.235 stands at 5.9"],
    ["a tick", /y="0\.71em">6</, 'y="0.71em">7<', "7 is out of its place"],
    ["a sum", /1,500 rows/, "1,600 rows", "regression.candidate.density is 1500"],
    ["a quotient", /worst −18\.5%/, "worst +18.5%", "evaluation.slices.0.difference.value"],
    ["a number from nowhere", /aria-label="Importance:/, 'aria-label="Importance of 3:', "3"],
  ])("a picture with another number in %s is found", async (_, there, instead, told) => {
    const record = { entries: [regressed], histories: [history] };
    const page = await reportPage(record);
    expect(page).toMatch(there);
    const { wrong, others } = compareWithRecord(page.replace(there, instead), record);
    expect([...wrong, ...others.filter((each) => !words.test(each))]).toEqual(
      expect.arrayContaining([expect.stringContaining(told)]),
    );
  });

  test("without a script, and with a policy that allows none", async () => {
    const page = await reportPage({ entries: [regressed], histories: [history] });
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle="|src=|http:\/\/(?!www\.w3\.org)/i);
    expect(page).toContain("default-src &#39;none&#39;; style-src &#39;sha256-");
  });

  test.each([
    ["an element", '<img src=x onerror="document.title=1">'],
    ["the end of a script", '</script></style><script>document.title="x"</script>'],
    ["right to left", "\u202eevil\u202c"],
    ["five hundred characters", "long ".repeat(100)],
    ["quotes", `" onload="x" ' class="y`],
  ])("%s in every place is text", async (_, text) => {
    const entries = hostileEntries([text, `${text}2`, `3${text}`, `${text}4`, `${text}5`, `${text}6`, `${text}7`]);
    const record = { entries, histories: entries.map(() => []) };
    const page = await reportPage(record);
    expect(page.replace(/<style>.*?<\/style>/gs, "")).not.toMatch(/<(?:img|script|style)|\u202e/);
    const { document } = await elementsOf(page);
    expect(
      [...document.querySelectorAll("*")].flatMap((each) =>
        [...each.attributes].filter(({ name }) => name.startsWith("on") || name === "style"),
      ),
    ).toEqual([]);
    expect(compareWithRecord(page, record).wrong).toEqual([]);
  });
});

async function elementsOf(page: string) {
  const { parseHTML } = await import("linkedom");
  return parseHTML(page) as unknown as {
    document: { querySelectorAll(selector: string): Iterable<{ attributes: Iterable<{ name: string }> }> };
  };
}

test("a version: every number is the record's", async () => {
  const { production } = cases.improvement as Extract<ReportEntry, { state: "judged" }>;
  const record = {
    ...production!,
    evaluation: (regressed as { evaluation: object }).evaluation as NonNullable<typeof production>["evaluation"],
    in_production: true,
    history,
  };
  const page = await versionPage(record);
  const { wrong, numbers, others } = compareWithRecord(page, record);
  expect(wrong).toEqual([]);
  expect(others.filter((each) => !words.test(each))).toEqual([]);
  expect(numbers).toBeGreaterThan(300);
  expect(page).toContain("● in production");
});

test.each(Object.entries(driftCases))("drift, %s: every number is the record's", async (_, models) => {
  const page = await driftPage({ models });
  const { wrong, others } = compareWithRecord(page, { models });
  expect([wrong, others]).toEqual([[], []]);
  expect(page.length).toBeLessThan(500_000);
});
