import { describe, expect, test } from "vitest";
import { build, type ModelChoice, scratchProject } from "./feature-project.ts";

async function counted(query: string, choice: ModelChoice = { key: ["id"] }) {
  await using project = await scratchProject();
  const { duplicates, test: held } = await build(project, query, choice);
  return { ...duplicates!, held: held.rows };
}

const times = (count: number, columns: string, people = 500) =>
  `SELECT p * ${count} + t AS id, ${columns} FROM range(${people}) a(p), range(${count}) b(t)`;

describe("rows that are equal on both sides of the split", () => {
  test("copies are counted, missing values and all", async () => {
    const { rows, copies, agreement, held } = await counted(
      times(3, "hash(p) % 100000 AS x, CASE WHEN p % 2 = 0 THEN 'a' END AS c, hash(p * 7) % 9999 AS y"),
    );
    expect(rows).toBe(copies);
    expect(copies / held).toBeGreaterThan(0.85);
    expect(copies).toBeLessThan(held);
    expect(agreement).toBe(1);
  });

  test("equal features with targets of their own are no copies", async () => {
    const { rows, copies, agreement } = await counted(times(3, "hash(p) % 100000 AS x, hash(p * 3 + t) AS y"));
    expect(rows).toBeGreaterThan(200);
    expect(copies).toBe(0);
    expect(agreement).toBeCloseTo(0, 2);
  });

  test("a table of few values is equal by coincidence", async () => {
    const query = times(1, "p % 5 AS x, CASE WHEN hash(p) % 10 = 0 THEN 'yes' ELSE 'no' END AS y", 3000);
    const { rows, copies, agreement, held } = await counted(query, { key: ["id"], task: "classification" });
    expect(rows).toBe(held);
    expect(copies).toBe(0);
    expect(agreement).toBe(0);
  });

  test("a few rows of few values are equal by coincidence too", async () => {
    const query = times(1, "hash(p) % 300 AS x, CASE WHEN hash(p * 3) % 10 < 3 THEN 'yes' ELSE 'no' END AS y", 2000);
    const { rows, copies, agreement, held } = await counted(query, { key: ["id"], task: "classification" });
    expect(rows).toBeGreaterThan(0.9 * held);
    expect(copies).toBeGreaterThan(0.6 * held);
    expect(Math.abs(agreement)).toBeLessThan(0.15);
  });

  test("by time they are counted too, and not where the row itself is split", async () => {
    const query = `SELECT DATE '2026-01-01' + CAST(i AS INTEGER) AS at, i % 100 AS x, i % 100 AS y FROM range(300) t(i)`;
    const byTime = await counted(query, { time: "at", split: { by: "time", test: 0.2 } });
    expect([byTime.rows, byTime.copies]).toEqual([60, 60]);
    await using project = await scratchProject();
    expect((await build(project, "SELECT i % 100 AS x, i % 100 AS y FROM range(300) t(i)")).duplicates).toBeUndefined();
  });
});
