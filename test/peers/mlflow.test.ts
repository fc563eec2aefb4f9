import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FeatureColumn } from "../../pipelines/data/table.ts";
import type { VersionRecord } from "../../pipelines/registry/version-record.ts";
import { openModel } from "../../pipelines/training/onnx/session.ts";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { python } from "./virtual-environment.ts";

const rows = [
  { size: 50, rooms: 2, city: "Bonn" },
  { size: 120, rooms: 5, city: "Ulm" },
  { size: Number.NaN, rooms: 1, city: "Köln" },
  { size: 75, rooms: 3, city: "unseen" },
  { size: 90, rooms: Number.NaN, city: "" },
];

const builtIn = ["gradient-boosting", "linear", "neural-network"];
const thresholds = "  primary: log_loss\n  first_deploy: { log_loss: { max: 5 } }";
const targets = [
  { task: "regression", name: "rent", target: "rent" },
  { task: "two classes", name: "dear", target: "rent > 800 AS dear" },
  { task: "three classes", name: "band", target: "least(2, rent // 500)::INTEGER AS band" },
];

/** Writes a model of the type; a program is that of an example, which needs nothing but a shell. */
function writeModel(scratch: Scratch, type: string, { task, name, target }: (typeof targets)[number]): void {
  const program = type === "command";
  if (program)
    cpSync(join(import.meta.dirname, "../../models/examples/awk"), join(scratch.root, "models/rent"), {
      recursive: true,
    });
  const params = program ? "{ run: [sh, train.sh], data: csv, options: { ridge: 0.001 } }" : "{}";
  const yaml =
    task === "regression"
      ? modelYaml({ type, params })
      : modelYaml({ type, params, thresholds }).replace("task: regression", "task: classification");
  scratch.write("models/rent/model.yaml", yaml.replace("target: rent", `target: ${name}`));
  scratch.write("models/rent/features.sql", `SELECT id, size, rooms, city, ${target} FROM 'flats.csv'\n`);
}

const cases = [
  ...builtIn.flatMap((type) => targets.map((target) => ({ type, ...target }))),
  { type: "command", ...targets[0]! },
];

describe("real MLflow loads a version folder", () => {
  it.each(cases)("$type of $task: its predictions are ours", async ({ type, ...target }) => {
    using scratch = makeScratch();
    writeModel(scratch, type, target);
    await scratch.facts(["init"]);
    await scratch.facts(["run", "rent"]);
    const folder = exportVersion(scratch);
    const record = JSON.parse(readFileSync(join(folder, "version.json"), "utf8")) as VersionRecord;
    const ours = await ourPredictions(folder, record);
    const theirs = mlflowPredictions(folder);
    expect(theirs).toHaveLength(ours.length);
    for (const [i, value] of ours.entries())
      expect(Math.abs((theirs[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-5);
  });
});

function exportVersion(scratch: Scratch): string {
  const folder = join(scratch.folder, "exported");
  mkdirSync(folder);
  const archive = execFileSync("git", ["archive", "origin/registry:models/rent/versions/1"], { cwd: scratch.root });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  return folder;
}

async function ourPredictions(folder: string, { candidate }: VersionRecord): Promise<number[]> {
  const session = await openModel(readFileSync(join(folder, "model.onnx")), candidate);
  const levels = rows.map((row) => row.city);
  const features: FeatureColumn[] = [
    { name: "size", kind: "number", values: Float32Array.from(rows, (row) => row.size) },
    { name: "rooms", kind: "number", values: Float32Array.from(rows, (row) => row.rooms) },
    { name: "city", kind: "category", codes: Int32Array.from(levels.keys()), levels },
  ];
  const { values } = await session.predict(features);
  await session.close();
  return [...values];
}

/** Predictions, or probabilities row by row. */
function mlflowPredictions(folder: string): number[] {
  const table = {
    columns: ["size", "rooms", "city"],
    dtypes: { size: "float64", rooms: "float64", city: "object" },
    rows: rows.map(({ size, rooms, city }) => [
      Number.isNaN(size) ? null : size,
      Number.isNaN(rooms) ? null : rooms,
      city,
    ]),
  };
  const told = execFileSync(python, [join(import.meta.dirname, "predict.py"), folder], {
    input: JSON.stringify(table),
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
  const outputs = JSON.parse(told) as Record<string, number[] | number[][]>;
  return (outputs.probabilities ?? outputs.prediction ?? []).flat();
}
