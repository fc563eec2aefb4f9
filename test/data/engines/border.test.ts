import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelParser } from "../../../pipelines/config/parse-model-config.ts";
import type { Engine } from "../../../pipelines/data/engines/engine.ts";
import { engines, startEngines } from "../../../pipelines/data/engines/engines.ts";
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

const folders = readdirSync(join(root, home), { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** An engine's own folder, and the bench that measures what is inside of one. */
const isInside = (file: string, folder: string) =>
  file.startsWith(join(home, folder, "/")) || file === "scripts/bench-row-order.ts";

test("nothing but an engine's own folder knows its library", () => {
  const found = sources.filter(
    (file) => !isInside(file, "duckdb") && importsOf(file).some((name) => /duckdb\/node/.test(name)),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(found).toEqual([]);
});

test.each(folders)("nothing but the table of engines reaches into $name/, and it does so once", ({ name }) => {
  const reaching = sources
    .filter((file) => !isInside(file, name))
    .flatMap((file) => importsOf(file).map((path) => [file, path] as const))
    .filter(([file, path]) => path.startsWith(".") && isInside(join(file, "..", path), name));
  expect(reaching).toEqual([[table, `./${name}/${name}.ts`]]);
});

test("a line in the table makes an engine one that a model may name, and starts it once", () => {
  let starts = 0;
  const postgres = { start: () => ({ started: ++starts }) as unknown as Engine };
  const entries = { ...engines, postgres };
  const model = exampleText.replace("engine: duckdb", "engine: postgres");
  const read = (names: readonly string[]) =>
    modelParser({ ...exampleParts, engines: names })(model, "models/flight-delay/model.yaml", "flight-delay");
  expect(read(["duckdb"]).problems).toMatchObject([
    { message: "features.engine: postgres is not available yet in this version", hint: "use duckdb" },
  ]);
  expect(read(Object.keys(entries))).toMatchObject({ problems: [], config: { features: { engine: "postgres" } } });
  const engineOf = startEngines(entries);
  expect(engineOf("postgres")).toBe(engineOf("postgres"));
  expect(starts).toBe(1);
  expect(() => engineOf("spark")).toThrow("the engine spark is not available in this version");
});
