import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import type { Verdict } from "../../pipelines/gate/verdict.ts";
import { featuresSql, flatsCsv, initialised, madeScratch, modelYaml, type Scratch } from "../scratch.ts";

interface Trained {
  evaluation: Evaluation;
  verdict: Verdict;
}

/** Version 1 in production knows flats below 500 only. */
const fewerFlats = () =>
  madeScratch("fewer-flats", initialised, async (scratch) => {
    scratch.write("models/rent/features.sql", `${featuresSql.trim()} WHERE id < 500\n`);
    await scratch.facts(["run", "rent"]);
  });

const params = "{ trees: 200, max_leaves: 8 }";
const thresholds = (allow: boolean) =>
  `  primary: rmse\n  first_deploy: { rmse: { max: 200 } }\n  allow_breaking: ${allow}`;

function change(scratch: Scratch, query: string, { allow = true, key = true } = {}): void {
  const yaml = modelYaml({ params, thresholds: thresholds(allow), features: "  checks: []" });
  scratch.write("models/rent/model.yaml", key ? yaml : yaml.replace("  key: id\n", ""));
  scratch.write("models/rent/features.sql", `${query}\n`);
}

async function train(scratch: Scratch): Promise<Trained> {
  const { directory } = await scratch.facts<{ directory: string }>(["train", "rent"]);
  const read = (file: string) => JSON.parse(readFileSync(join(scratch.root, directory, file), "utf8"));
  return { evaluation: read("evaluation.json"), verdict: read("verdict.json") };
}

const renamed = "SELECT id, size AS area, rooms, city, rent FROM 'flats.csv'";

test("a renamed feature deploys: production is scored from its own query, both on the rows that it gives", async () => {
  using scratch = await fewerFlats();
  change(scratch, renamed);
  const { evaluation, verdict } = await train(scratch);
  const { baseline, rows, metrics } = evaluation;
  expect(baseline).toMatchObject({ state: "scored", version: 1, own_query: { missing: ["size"], key: ["id"] } });
  const lost = baseline.state === "scored" ? baseline.own_query!.test_rows - rows : 0;
  expect(lost).toBeGreaterThan(10);
  expect(lost).toBeLessThan(60);
  expect(metrics[0]!.production).toBeGreaterThan(metrics[0]!.candidate!);
  expect(verdict).toMatchObject({ outcome: "pass", rule: "retrain" });
  expect(verdict.notes[0]).toBe(
    `Production v1 was scored with the rows of its own query, joined by id, because the candidate's query no longer gives size: both models are compared on the ${rows} of ${rows + lost} test rows whose key it gives once (${lost} left out).`,
  );
  expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed", version: 2 });
  expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });
});

test("production's score is that on its own features", async () => {
  using scratch = await fewerFlats();
  change(scratch, featuresSql.trim());
  const same = await train(scratch);
  change(scratch, `${featuresSql.trim()} WHERE id < 500`);
  const before = await train(scratch);
  change(scratch, `${renamed} WHERE id < 500`);
  const joined = await train(scratch);
  expect(joined.evaluation.metrics[0]!.production).toBe(before.evaluation.metrics[0]!.production);
  expect(joined.evaluation.rows).toBe(before.evaluation.rows);
  expect(same.evaluation.rows).toBeGreaterThan(before.evaluation.rows);
});

test("without allow_breaking the signature blocks, and nothing else", async () => {
  using scratch = await fewerFlats();
  change(scratch, renamed, { allow: false });
  const { verdict } = await train(scratch);
  expect(verdict.checks.filter(({ outcome }) => outcome !== "pass").map(({ id }) => id)).toEqual(["signature"]);
});

test("a retyped feature is one that left", async () => {
  using scratch = await fewerFlats();
  change(scratch, "SELECT id, size, rooms, length(city) AS city, rent FROM 'flats.csv'");
  const { evaluation } = await train(scratch);
  expect(evaluation.baseline).toMatchObject({ state: "scored", own_query: { missing: ["city"] } });
});

const incomparable: readonly [string, (scratch: Scratch, allow: boolean) => void, RegExp][] = [
  [
    "without a key",
    (scratch, allow) => change(scratch, renamed.replace("id, ", ""), { allow, key: false }),
    /no longer gives size, and without features\.key production's own query cannot be joined/,
  ],
  [
    "when production's own query no longer runs",
    (scratch, allow) => {
      scratch.write("data/flats.csv", flatsCsv().replace("id,size,", "id,area,"));
      change(scratch, "SELECT id, area, rooms, city, rent FROM 'flats.csv'", { allow });
    },
    /no longer gives size, and its own query no longer runs: .*size/,
  ],
  [
    "when no key is in common",
    (scratch, allow) => change(scratch, renamed.replace("id, ", "id + 100000 AS id, "), { allow }),
    /no longer gives size, and its own query gives no row with a key of the test rows/,
  ],
];

test.each(incomparable)(
  "%s production cannot be compared: allow_breaking judges by first_deploy",
  async (_, edit, reason) => {
    using scratch = await fewerFlats();
    edit(scratch, false);
    const blocked = await train(scratch);
    expect(blocked.verdict.summary).toMatch(reason);
    expect(blocked.verdict.summary).toContain("thresholds.allow_breaking: true judges by first_deploy instead");
    edit(scratch, true);
    const { evaluation, verdict } = await train(scratch);
    expect(evaluation.baseline).toMatchObject({
      state: "incomparable",
      version: 1,
      reason: expect.stringMatching(reason),
    });
    expect(verdict).toMatchObject({ outcome: "pass", rule: "first_deploy" });
    expect(verdict.summary).toMatch(
      /^Production v1 cannot be compared \(.*\), and allow_breaking accepts that, judged against your business threshold: rmse/,
    );
  },
);
