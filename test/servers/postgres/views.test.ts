import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadModels } from "../../../pipelines/config/load-models.ts";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { checkViews } from "../../../pipelines/data/features/check-views.ts";
import { composeModel, joinDialect } from "../../../pipelines/data/features/compose-models.ts";
import { loadViews } from "../../../pipelines/data/features/load-views.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { modelParts } from "../../../pipelines/workspace/workspace.ts";
import { modelYaml, repositoryWith, viewFiles } from "../../features/repository.ts";
import { findingsOf } from "./findings.ts";
import { openShop, type Shop, shopJob } from "./shop.ts";

const sources = { shop: { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] } } as const;
const duckdb = startEngines({ sources: {}, env: {} })("duckdb");
const random = seededRandom(7);
const below = (count: number) => random() % count;
const time = () =>
  `TIMESTAMP '2020-01-${String(1 + below(20)).padStart(2, "0")} ${String(below(24)).padStart(2, "0")}:00:00'`;

/** Rows that both engines write alike, of which no two have one key and time. */
const values = (count: number, row: () => string) =>
  `(VALUES ${[...new Set(Array.from({ length: count }, row))].map((each, at) => `(${each}, ${at})`).join(",\n")})`;
const customers = values(300, () => `'c${below(20)}', ${time()}`);
const orders = values(200, () => `'c${below(25)}', ${time()}`);

let shop: Shop;
let root = "";

beforeAll(async () => {
  shop = await openShop(`CREATE TABLE features.orders AS SELECT * FROM ${orders} AS f(customer, t, id);`);
});

afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  for (const folder of [shop.staging, root]) rmSync(folder, { recursive: true, force: true });
});

async function model(engine: "shop" | "duckdb") {
  const from = engine === "shop" ? "shop.features.orders" : `${orders} AS f(customer, t, id)`;
  const lines = ["  entities: e.sql", "  views: [income, grown@30h]", "  key: k", "  target: y", "  time: t"];
  root = repositoryWith({
    "models/m/model.yaml": modelYaml("m", [`  engine: ${engine}`, ...lines].join("\n")),
    "models/m/e.sql": `SELECT id AS k, customer, t, id % 7 AS y FROM ${from}\n`,
    ...viewFiles(
      "income",
      `SELECT customer, t, CASE WHEN i % 9 > 0 THEN i * 10 END AS income, 'x' || i % 4 AS kind FROM ${customers} AS f(customer, t, i)`,
      "key: customer\ntime: t\nttl: 5d\ncolumns: { income: '', kind: '' }\nconstraints: [ { column: income, between: [0, 2000] } ]\n",
    ),
    ...viewFiles(
      "grown",
      "SELECT customer, t, income > 500 AS grown FROM features.income",
      "key: customer\ntime: t\ncolumns: { grown: '' }\n",
    ),
  });
  const { models, problems } = await loadModels(root, { ...modelParts(sources), defaults: {} });
  expect(problems).toEqual([]);
  return composeModel(models[0]!, loadViews(root), joinDialect(engine, sources));
}

test("PostgreSQL joins views point in time and checks them as DuckDB does", async () => {
  const plan = { by: "key", test: 0.3, seed: 1, task: "regression", everything: true } as const;
  const [theirs, ours] = [await model("shop"), await model("duckdb")];
  expect(theirs.query.text).not.toContain("ASOF");
  const found = await findingsOf(shop.engine, theirs.query.text, plan, shop.staging);
  expect(found).toEqual(await findingsOf(duckdb, ours.query.text, plan, shop.staging));
  const checks = async (engine: typeof duckdb, { views }: typeof ours, name: string) => {
    const { sql: _, ...job } = shopJob(join(shop.staging, "checks"), "");
    const { quoteName } = joinDialect(name, sources);
    return (await checkViews({ ...job, engine, quoteName, views: views! })).checks;
  };
  const told = await checks(shop.engine, theirs, "shop");
  expect(told).toEqual(await checks(duckdb, ours, "duckdb"));
  expect(told.filter(({ passed }) => !passed).map(({ check, where }) => `${check} ${where}`)).toEqual([
    "features.income: income between [0, 2000] features/income.yaml:5",
  ]);
}, 120_000);
