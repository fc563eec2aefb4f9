import { expect, test } from "vitest";
import { build, scratchProject } from "./feature-project.ts";

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
