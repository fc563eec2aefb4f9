import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelParser } from "../../../pipelines/config/parse-model-config.ts";
import type { Engine } from "../../../pipelines/data/engines/engine.ts";
import { engineNames, engines, startEngines } from "../../../pipelines/data/engines/engines.ts";
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

/** Its own folder, and the bench that measures what is inside of it. */
const inFolder = (file: string) => file.startsWith(join(home, "duckdb/")) || file === "scripts/bench-row-order.ts";

test("nothing but an engine's own folder knows its library", () => {
  const found = sources.filter((file) => !inFolder(file) && importsOf(file).some((name) => /duckdb\/node/.test(name)));
  expect(sources.length).toBeGreaterThan(300);
  expect(found).toEqual([]);
});

test("nothing but the table of engines reaches into an engine's folder, and it does so once", () => {
  const reaching = sources
    .filter((file) => !inFolder(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => /(^|\/)duckdb\//.test(name))
        .map((name) => [file, name]),
    );
  expect(reaching.filter(([, name]) => !name!.startsWith("@"))).toEqual([[table, "./duckdb/duckdb.ts"]]);
});

test("a line in the table makes an engine one that a model may name, and starts it once", () => {
  let starts = 0;
  const postgres = { start: () => ({ started: ++starts }) as unknown as Engine };
  const table = { ...engines, postgres };
  const model = exampleText.replace("engine: duckdb", "engine: postgres");
  const read = (names: readonly string[]) =>
    modelParser({ ...exampleParts, engines: names })(model, "models/flight-delay/model.yaml", "flight-delay");
  expect(read(engineNames).problems).toMatchObject([
    { message: "features.engine: postgres is not available yet in this version", hint: "use duckdb" },
  ]);
  expect(read(Object.keys(table))).toMatchObject({ problems: [], config: { features: { engine: "postgres" } } });
  const engineOf = startEngines(table);
  expect(engineOf("postgres")).toBe(engineOf("postgres"));
  expect(starts).toBe(1);
  expect(() => engineOf("spark")).toThrow("the engine spark is not available in this version");
});
