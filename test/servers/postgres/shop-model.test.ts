import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeScratch, type Scratch } from "../../scratch.ts";
import { openShop, type Shop, shopPassword } from "./shop.ts";

const ridesYaml = `
name: ride
description: Minutes of a ride
task: regression
type: gradient-boosting
seed: 1
params: { trees: 10, max_leaves: 8 }
features:
  engine: shop
  query: features.sql
  window: { start: 2001-01-01, end: 2001-04-01 }
  key: id
  time: started_at
  target: minutes
  split: { by: time, test: 0.2 }
  checks: [ { column: km, between: [0, 20] }, { column: weather, in_set: [rain, sun] } ]
thresholds:
  primary: rmse
  first_deploy: { rmse: { max: 10 } }
drift: { window: 30d, min_rows: 50 }
`;

const features = `SELECT id, started_at, km, weather, minutes FROM shop.features.rides
WHERE started_at >= $start AND started_at < $end
`;

/** A ride an hour of 2001; from May on they are three times as long. */
const rides = `CREATE TABLE features.rides AS SELECT i AS id, timestamptz '2001-01-01 00:00Z' + i * interval '1 hour' AS started_at,
  km * CASE WHEN i < 24 * 120 THEN 1 ELSE 3 END AS km, weather, (3 * km + CASE weather WHEN 'rain' THEN 15 ELSE 0 END)::float8 AS minutes
  FROM (SELECT i, 1.0 + (i * 7919) % 10 AS km, CASE (i * 104729) % 3 WHEN 0 THEN 'rain' ELSE 'sun' END AS weather
    FROM generate_series(0, 8759) AS i) AS made`;

let shop: Shop;
let scratch: Scratch;

beforeAll(async () => {
  shop = await openShop(rides);
  scratch = makeScratch({ model: false });
  scratch.write("mergeml.yaml", "sources:\n  shop: { type: postgres, url: { env: SHOP_URL }, schemas: [features] }\n");
  scratch.write("models/ride/model.yaml", ridesYaml);
  scratch.write("models/ride/features.sql", features);
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add a model");
  scratch.env.SHOP_URL = shop.url;
  await scratch.facts(["init"]);
});

afterAll(async () => {
  scratch[Symbol.dispose]();
  await shop[Symbol.asyncDispose]();
});

/** What is found in the rows of the 30 days before a day: the next ones of the feature query, read where they are. */
async function outcomeAt(now: string): Promise<unknown> {
  const { stdout } = await scratch.mergeml("drift", "--now", now, "--json");
  return (JSON.parse(stdout) as { models: { result: { outcome: string } | null }[] }).models[0]?.result?.outcome;
}

test("a model whose engine is a source is validated, trained, gated, deployed, watched and reproduced", async () => {
  expect((await scratch.mergeml("validate")).code).toBe(0);
  expect(await scratch.facts(["run", "ride"])).toMatchObject({ state: "deployed", version: 1 });
  expect(await scratch.facts(["run", "ride"])).toMatchObject({ state: "unchanged", version: 1 });
  expect(await outcomeAt("2001-05-01")).toBe("clean");
  expect(await outcomeAt("2001-06-15")).toBe("drift");
  expect(await scratch.facts(["reproduce", "ride@1"])).toMatchObject({ identical: true, data: "query" });
});

test("reproduce reads the rows again, and takes those of the store when they changed in the database", async () => {
  await shop.server.sql("UPDATE features.rides SET minutes = minutes + 1 WHERE id = 7");
  expect(await scratch.facts(["reproduce", "ride@1"])).toMatchObject({ identical: true, data: "store" });
  await shop.server.sql("UPDATE features.rides SET minutes = minutes - 1 WHERE id = 7");
  expect(await scratch.facts(["reproduce", "ride@1"])).toMatchObject({ identical: true, data: "query" });
});

test("a mistake in the query is told where it is, by validate", async () => {
  scratch.write("models/ride/features.sql", features.replace("weather", "wether"));
  const { code, stdout, stderr } = await scratch.mergeml("validate");
  expect(code).toBe(2);
  expect(stdout + stderr).toMatch(/models\/ride\/features\.sql:1:28.*column "wether" does not exist/s);
  scratch.write("models/ride/features.sql", features);
});

test("without its secret the model says that a maintainer must run it, and no password is in any file or branch", async () => {
  scratch.env.SHOP_URL = undefined;
  const { code, stdout, stderr } = await scratch.mergeml("train", "ride", "--no-cache");
  expect(code).toBe(2);
  expect(stdout + stderr).toContain("SHOP_URL");
  scratch.env.SHOP_URL = shop.url;
  const files = readdirSync(scratch.folder, { recursive: true, encoding: "utf8" }).map((file) =>
    join(scratch.folder, file),
  );
  const texts = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "latin1"));
  const history = scratch.git("log", "-p", "--all");
  for (const secret of ["of the reader", encodeURIComponent(shopPassword)])
    expect([...texts, history].some((text) => text.includes(secret))).toBe(false);
});
