import { expect, test } from "vitest";
import { build, failure, scratchProject } from "./feature-project.ts";

const rows = (expression: string) => `SELECT i AS id, i % 7 AS y, ${expression} AS c FROM range(3000) t(i)`;

async function warningsOf(expression: string): Promise<readonly string[] | undefined> {
  await using project = await scratchProject();
  return (await build(project, rows(expression), { key: ["id"] })).warnings;
}

const started = "TIMESTAMP '2026-05-01' + INTERVAL (i * 50) SECOND";

test.each([
  [
    "integers",
    "1000000000 + i % 50",
    "c has 50 different values, and the model, which gets 32-bit numbers, sees 2",
    "c - 1000000000",
  ],
  ["decimals", "CAST(1000000000 + i % 50 AS DECIMAL(18,2))", "sees 2", "c - 1000000000"],
  ["doubles", "1e9 + i % 50", "sees 2", "c - 1000000000"],
  ["negative numbers", "-1e9 - i % 50", "sees 2", "c + 1000000050"],
  ["seconds", `epoch(TIMESTAMP '2026-05-01') + i`, "c has 3,000 different values", "c - 1777593000"],
  ["seconds of a month", `epoch(${started})`, "c has 3,000 different values", "c - 1777500000"],
])("%s that fall together are told, with a cure that works", async (_title, expression, found, cure) => {
  const [warning, ...more] = (await warningsOf(expression)) ?? [];
  expect(more).toEqual([]);
  expect(warning).toContain(found);
  expect(warning).toContain(cure);
  const origin = /e\.g\. c ([+-] \d+) AS c$/.exec(warning!)![1]!;
  expect(await warningsOf(`(${expression}) ${origin}`)).toEqual([]);
});

test.each([
  ["random doubles", "hash(i) / 18446744073709551615.0"],
  ["large integers far apart", "i * 10000000"],
  ["small integers", "i"],
  ["a constant", "1000000001"],
  ["32-bit numbers", "CAST(1e9 + i AS FLOAT)"],
  ["a category", "'c' || i % 5"],
  ["the smallest integer among small ones", "CASE WHEN i = 1 THEN 1e300 ELSE i END"],
  ["the hint for times", `epoch(${started}) - epoch(TIMESTAMP '2026-05-01')`],
])("%s are not told", async (_title, expression) => {
  expect(await warningsOf(expression)).toEqual([]);
});

test.each([
  ["a time", "TIMESTAMP '2001-03-01' + INTERVAL (i * 61) SECOND", /near the first row: (.+), or leave it out$/],
  [
    "a time with a zone",
    "TIMESTAMPTZ '2001-03-01' + INTERVAL (i * 61) SECOND",
    /near the first row: (.+), or leave it out$/,
  ],
  ["an interval", "INTERVAL (i * 61) SECOND", /^write (.+), or leave it out$/],
  ["a long interval", "INTERVAL (86400 * 365 + i * 61) SECOND", /^write (.+), or leave it out$/],
])("%s: what the hint advises works in 32-bit numbers", async (_title, expression, advice) => {
  await using project = await scratchProject();
  const window = { start: "2001-02-01", end: "2001-05-01" };
  const query = (feature: string) =>
    `SELECT i AS id, i % 7 AS y, ${feature} FROM (SELECT *, ${expression} AS c FROM range(3000) t(i)) WHERE DATE '2001-03-01' >= $start AND DATE '2001-03-01' < $end`;
  const error = await failure(build(project, query("c"), { key: ["id"], window }));
  const written = advice.exec(error.problems[0]?.hint ?? "")![1]!;
  const { warnings } = await build(project, query(`${written} AS c`), { key: ["id"], window });
  // What is told of a long interval has the cure that works.
  const origin = /e\.g\. c ([+-] \d+) AS c$/.exec(warnings?.[0] ?? "")?.[1];
  if (origin === undefined) expect(warnings).toEqual([]);
  else
    expect((await build(project, query(`(${written}) ${origin} AS c`), { key: ["id"], window })).warnings).toEqual([]);
});
