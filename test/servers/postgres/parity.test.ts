import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { type FindingsPlan, findingsOf } from "./findings.ts";
import { openShop, type Shop } from "./shop.ts";
import { anyTable, rowsOf } from "./tables.ts";

let shop: Shop;
const duckdb = startEngines({ sources: {}, env: {} })("duckdb");

beforeAll(async () => {
  shop = await openShop();
});

afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  rmSync(shop.staging, { recursive: true, force: true });
});

test("PostgreSQL checks, splits, fingerprints and keeps the rows of 100 tables of any types as DuckDB does", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(anyTable, fc.nat(100), async (table, seed) => {
      const more = { everything: runs % 10 === 0, ...(runs % 5 === 4 ? { max_rows: 3 } : {}) };
      const plan: FindingsPlan = { by: "key", test: 0.3, seed, task: "regression", ...more };
      const name = `features.t${runs++}`;
      await shop.server.sql(`CREATE TABLE ${name} AS ${rowsOf(table, "postgres")}`);
      const theirs = await findingsOf(shop.engine, `SELECT * FROM shop.${name}`, plan, shop.staging);
      const ours = await findingsOf(duckdb, rowsOf(table, "duckdb"), plan, shop.staging);
      expect(theirs).toEqual(ours);
    }),
    { numRuns: 100, endOnFailure: true },
  );
  expect(runs).toBeGreaterThanOrEqual(100);
});

test("sums in floating point are the same on every run, beside others that read the table", async () => {
  await shop.server.sql(`CREATE TABLE features.sums AS SELECT i AS id, sin(i) * 10 ^ (i % 30) AS x FROM generate_series(1, 300000) AS i;
    ALTER TABLE features.sums SET (parallel_workers = 4); ANALYZE features.sums`);
  const query =
    "SELECT id % 7 AS k, sum(x) AS total, avg(x) AS mean, stddev(x) AS spread FROM features.sums GROUP BY 1";
  const plan: FindingsPlan = { by: "key", test: 0.3, seed: 1, task: "regression", everything: false };
  const first = await findingsOf(shop.engine, query, plan, shop.staging);
  const scans = Promise.all([1, 2].map(() => shop.server.sql("SELECT sum(x) FROM features.sums")));
  for (let run = 0; run < 3; run++) expect(await findingsOf(shop.engine, query, plan, shop.staging)).toEqual(first);
  await scans;
});
