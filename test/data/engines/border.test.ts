import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelParser } from "../../../pipelines/config/parse-model-config.ts";
import { sqlText } from "../../../pipelines/data/engines/engine.ts";
import { engineNames, startEngines } from "../../../pipelines/data/engines/engines.ts";
import { exampleParts, exampleText } from "../../config/example-model.ts";

const root = join(import.meta.dirname, "../../..");
const home = join("pipelines/data/engines");
/** The table of engines, which names each folder once. */
const table = join(home, "engines.ts");

const sources = ["pipelines", "actions", "scripts"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => join(folder, file)),
);

/** What a file imports, at once or later, as values or types. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*"([^"]+)"/gm)].map((match) => match[1]!);
}

/** Each with a file of its name; `spark-sql` has none: it is what Spark and Databricks have in common. */
const folders = readdirSync(join(root, home), { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && existsSync(join(root, home, entry.name, `${entry.name}.ts`)),
);

const isInside = (file: string, folder: string) => file.startsWith(join(home, folder, "/"));

/** An engine's own folder, and the benches that measure what is inside of one. */
const mayReach = (file: string, folder: string) =>
  isInside(file, folder) || /^scripts\/bench(-row-order\.ts$|\/data\/)/.test(file);

test("nothing but an engine's own folder knows its library", () => {
  const found = sources.filter(
    (file) => !mayReach(file, "duckdb") && importsOf(file).some((name) => /duckdb\/node/.test(name)),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(found).toEqual([]);
});

/** Whoever reads our own tables loads the one engine they are on, and not the drivers of all. */
const ownTables = "pipelines/data/engines/tables.ts";

test.each(folders)("nothing but the table of engines reaches into $name/, and it does so once", ({ name }) => {
  const reaching = sources
    .filter((file) => !mayReach(file, name))
    .flatMap((file) => importsOf(file).map((path) => [file, path] as const))
    .filter(([file, path]) => path.startsWith(".") && isInside(join(file, "..", path), name));
  const doors = name === "duckdb" ? [table, ownTables] : [table];
  expect(reaching.sort()).toEqual(doors.map((door) => [door, `./${name}/${name}.ts`]));
});

test("a model may name an engine that runs here, or a source that runs queries itself", () => {
  const shop = { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] } as const;
  const sources = { shop, lake: { type: "s3", url: "s3://acme-lake/ml/" } } as const;
  expect(engineNames(sources)).toEqual(["duckdb", "shop"]);
  const read = (engine: string) => {
    const model = exampleText.replace("engine: duckdb", `engine: ${engine}`);
    const parts = { ...exampleParts, engines: engineNames(sources) };
    return modelParser(parts)(model, "models/flight-delay/model.yaml", "flight-delay");
  };
  expect(read("shop")).toMatchObject({ problems: [], config: { features: { engine: "shop" } } });
  for (const engine of ["lake", "postgres"])
    expect(read(engine).problems).toMatchObject([
      { message: `features.engine: ${engine} is neither an engine nor a source of mergeml.yaml that runs queries` },
    ]);
  expect(read("shpo").problems[0]?.hint).toContain("did you mean shop?");
});

test("an engine is started once, when it is first asked for, and its secret is looked up when it gets a query", async () => {
  const shop = { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] } as const;
  const engineOf = startEngines({ sources: { shop }, env: {} });
  expect(engineOf("shop")).toBe(engineOf("shop"));
  expect(() => engineOf("lake")).toThrow(
    "the engine lake is neither one of this version nor a source of mergeml.yaml that runs queries",
  );
  const job = { window: null, folders: [], limits: { memory_gb: 1, threads: 1, seconds: 5 } };
  const prepared = (text: string) => engineOf("shop").prepare({ ...job, sql: sqlText("features.sql", text) });
  await expect(prepared("SELECT 1 AS x FROM features.orders")).rejects.toThrow(
    "the source shop needs the environment variable SHOP_URL, which is not set",
  );
  await expect(prepared("SELECT now() AS x")).rejects.toThrow("now() is not allowed");
});
