import { cpSync } from "node:fs";
import { basename, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { editModel, exampleScratch } from "./examples.ts";

const python = { runs: "python3, own-predictions.py", rows: "rows.parquet" };
const cases = [
  { example: "sklearn", ...python, shipped: "prediction" },
  { example: "lightgbm", ...python, shipped: "prediction" },
  { example: "xgboost", ...python, shipped: "probability_true" },
  { example: "r", runs: "Rscript, --vanilla, own-predictions.R", rows: "rows.csv", shipped: "prediction" },
];

/** A column of a file, row by row. */
async function columnOf(file: string, name: string): Promise<number[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(`SELECT ${name}::DOUBLE FROM '${file}'`);
  const [values = []] = read.getColumnsJS();
  connection.closeSync();
  instance.closeSync();
  return values as number[];
}

describe("a program's model predicts in ONNX Runtime what the program's library predicts", () => {
  it.each(cases)("$example, on 100,000 rows", async ({ example, runs, rows, shipped }) => {
    using scratch = await exampleScratch(example);
    const script = runs.split(", ").at(-1)!;
    cpSync(join(import.meta.dirname, script), join(scratch.root, "models", example, script));
    editModel(scratch, example, (yaml) =>
      yaml
        .replace(/run: \[.+\]/, `run: [${runs}, ${scratch.folder}]`)
        .replace(/files: \[/, `files: [${basename(script)}, `),
    );
    expect(await scratch.facts(["run", example])).toMatchObject({ state: "deployed" });
    const [input, output] = [join(scratch.folder, rows), join(scratch.folder, "scored.parquet")];
    await scratch.facts(["predict", example, "--input", input, "--output", output]);
    const [wanted, given] = [await columnOf(input, "own"), await columnOf(output, shipped)];
    expect(given).toHaveLength(100_000);
    const typical = wanted.reduce((sum, value) => sum + Math.abs(value), 0) / wanted.length;
    const floor = shipped === "prediction" ? typical : 1;
    const off = given.map((value, row) => Math.abs(value - wanted[row]!) / Math.max(Math.abs(wanted[row]!), floor));
    expect(off.reduce((most, each) => Math.max(most, each))).toBeLessThanOrEqual(1e-4);
  });
});
