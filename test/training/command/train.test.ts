import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../../pipelines/config/canonical-json.ts";
import { makeWorkFolder } from "../../../pipelines/training/command/work-folder.ts";
import { failure, graded, makeProgram, sound, soundClassifier } from "./programs.ts";

const copy = `import { copyFileSync } from "node:fs";
copyFileSync("prepared.onnx", "model.onnx");
`;

/** Leaves everything of the scratch folder outside, where it can be looked at. */
const leaveTraces = `import { cpSync, copyFileSync, writeFileSync } from "node:fs";
cpSync(".", process.argv[2] + "/work", { recursive: true });
writeFileSync(process.argv[2] + "/env.json", JSON.stringify(process.env));
copyFileSync("prepared.onnx", "model.onnx");
`;

test("the model that the program wrote is the candidate's, byte for byte", async () => {
  using program = makeProgram(copy);
  const { sha256: hash, model, parity } = await program.train();
  expect(hash).toBe(sha256(sound()));
  expect(parity.rows).toBeGreaterThan(4);
  expect(model.facts).toMatchObject({ program: expect.stringContaining("node fit.mjs"), reproducible: /^not proven/ });
});

test("the program finds rows, params, columns and seed, and exactly its own files", async () => {
  using program = makeProgram(leaveTraces, { "lib/part.mjs": "export {};\n" });
  await program.train({ params: { options: { depth: 3, fast: true } } });
  const work = join(program.outside, "work");
  const json = (name: string) => JSON.parse(readFileSync(join(work, name), "utf8"));
  expect(readdirSync(work).sort()).toEqual([
    "columns.json",
    "fit.mjs",
    "lib",
    "params.json",
    "prepared.onnx",
    "train.parquet",
  ]);
  expect(json("params.json")).toEqual({ seed: 7, threads: 2, options: { depth: 3, fast: true } });
  expect(json("columns.json")).toEqual({
    format: 1,
    task: "regression",
    seed: 7,
    rows: 4,
    data: "train.parquet",
    target: { name: "rent", type: "double" },
    classes: [],
    features: [
      { name: "size", kind: "number" },
      { name: "city", kind: "category" },
    ],
    onnx: {
      file: "model.onnx",
      inputs: [
        { name: "size", type: "float32", shape: ["N", 1] },
        { name: "city", type: "string", shape: ["N", 1] },
      ],
      outputs: [{ name: "prediction", type: "float32", shape: ["N", 1] }],
    },
  });
  expect(await parquetRows(join(work, "train.parquet"))).toEqual([
    { size: 50, city: "Bonn", rent: 500.5 },
    { size: null, city: "", rent: 600 },
    { size: 70, city: "Ulm", rent: 700 },
    { size: 90, city: "Bonn", rent: 900 },
  ]);
});

test("the rows may come as CSV", async () => {
  using program = makeProgram(leaveTraces);
  await program.train({ params: { data: "csv" } });
  const text = readFileSync(join(program.outside, "work", "train.csv"), "utf8");
  expect(text).toBe('size,city,rent\n50.0,Bonn,500.5\n,"",600.0\n70.0,Ulm,700.0\n90.0,Bonn,900.0\n');
});

test("a program that reads an address gets that of the cluster's rows, or of a file where no cluster has them", async () => {
  using program = makeProgram(leaveTraces);
  const columns = () => JSON.parse(readFileSync(join(program.outside, "work", "columns.json"), "utf8"));
  await program.train({
    params: { data: "staged" },
    staged: { url: "s3://acme-lake/staging/mergeml-1", rows: 4_000_000 },
  });
  expect(columns()).toMatchObject({ data: "s3://acme-lake/staging/mergeml-1", rows: 4_000_000 });
  expect(readdirSync(join(program.outside, "work"))).not.toContain("train.parquet");
  await program.train({ params: { data: "staged" } });
  expect(columns()).toMatchObject({ data: expect.stringMatching(/^file:\/\/\/.*\/train\.parquet$/), rows: 4 });
  expect(await parquetRows(join(program.outside, "work", "train.parquet"))).toHaveLength(4);
});

test("a classifier learns of its classes, and its labels are texts", async () => {
  using program = makeProgram(leaveTraces, { "prepared.onnx": soundClassifier(["cheap", "dear"]) });
  const { model } = await program.train({ table: graded });
  expect(model.onnx.length).toBeGreaterThan(0);
  const columns = JSON.parse(readFileSync(join(program.outside, "work", "columns.json"), "utf8"));
  expect(columns).toMatchObject({ classes: ["cheap", "dear"], target: { name: "rent", type: "string" } });
  expect(columns.onnx.outputs).toEqual([
    { name: "label", type: "string", shape: ["N", 1] },
    { name: "probabilities", type: "float32", shape: ["N", 2] },
  ]);
  const [first] = await parquetRows(join(program.outside, "work", "train.parquet"));
  expect(first).toEqual({ size: 50, city: "Bonn", rent: "cheap" });
});

test("nothing of the scratch folder is left", async () => {
  using program = makeProgram(leaveTraces);
  await program.train();
  const { HOME } = JSON.parse(readFileSync(join(program.outside, "env.json"), "utf8"));
  expect(readdirSync(tmpdir())).not.toContain(HOME.split("/").at(-2));
});

describe("environment", () => {
  const secrets = { GITHUB_TOKEN: "ghs_secret", ACTIONS_RUNTIME_URL: "https://x", AWS_REGION: "eu", NODE_OPTIONS: "" };

  test("the program sees no variable that it was not given", async () => {
    using program = makeProgram(leaveTraces);
    await program.train({ params: { env: ["AWS_REGION", "NOT_SET"], memory_gb: 4 }, env: secrets });
    const seen = JSON.parse(readFileSync(join(program.outside, "env.json"), "utf8"));
    const ours = ["AWS_REGION", "HOME", "LANG", "MERGEML_MEMORY_GB", "MERGEML_RUN", "MERGEML_SEED", "MERGEML_THREADS"];
    expect(
      Object.keys(seen)
        .filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))
        .sort(),
    ).toEqual([...ours, "PATH", "PYTHONHASHSEED", "TMPDIR"]);
    expect(seen).toMatchObject({ MERGEML_SEED: "7", MERGEML_THREADS: "2", MERGEML_MEMORY_GB: "4", AWS_REGION: "eu" });
    expect(seen.HOME).not.toBe(process.env.HOME);
  });

  test.each([
    ...["GITHUB_TOKEN", "npm_config_token", "MY_SECRET", "AWS_ACCESS_KEY_ID", "DB_PASSWORD", "ACTIONS_CACHE_URL"],
    ...["PGPASSFILE", "SSH_AUTH_SOCK"],
  ])("%s is refused", async (name) => {
    using program = makeProgram(leaveTraces);
    const { message } = await failure(program, { params: { env: [name] }, env: secrets });
    expect(message).toBe(`params.env: ${name} is not passed to a program: by its name it holds a secret.`);
  });

  test("what carries code into the steps of a job that follow is refused", async () => {
    using program = makeProgram(leaveTraces);
    const { message } = await failure(program, { params: { env: ["GITHUB_ENV"] }, env: secrets });
    expect(message).toBe(
      "params.env: GITHUB_ENV is not passed to a program: by its name it carries code past the list.",
    );
  });
});

test("lines metric=value@step become curves, and other lines are shown", async () => {
  using program = makeProgram(`${copy}
    console.log("rmse=3.5@1"); console.log("rmse=2.5e0@3"); console.log("rmse=3@2"); console.log("rmse=nan@4");
    console.log("val/rmse=4@1"); console.log("rmse = 3"); console.log("a=1@2 b"); console.error("\\u001b[31m##[set-env]");
  `);
  const { model } = await program.train();
  expect(model.curves).toEqual([
    { metric: "rmse", steps: [1, 2, 3], values: [3.5, 3, 2.5] },
    { metric: "val/rmse", steps: [1], values: [4] },
  ]);
  expect(program.log).toEqual(expect.arrayContaining(["step: rmse=3.5@1", "    | rmse = 3", "    | a=1@2 b"]));
  expect(program.log).toContain("    | ␛[31m## [set-env]");
});

test("a file that changed after it was hashed is not trained with", async () => {
  using program = makeProgram(copy);
  const training = program.train();
  writeFileSync(join(program.folder, "fit.mjs"), "process.exit(0);\n");
  await expect(training).rejects.toThrow("fit.mjs changed while the model was prepared.");
});

test("a program checked out with other line ends runs as git keeps it", async () => {
  using program = makeProgram(copy);
  const file = join(program.folder, "run.sh");
  writeFileSync(file, "#!/bin/sh\r\ntrue\r\n", { mode: 0o755 });
  await using work = await makeWorkFolder({
    folder: program.folder,
    files: { "run.sh": sha256(Buffer.from("#!/bin/sh\ntrue\n")) },
  });
  execFileSync(join(work.path, "run.sh"));
  expect(readFileSync(file, "utf8")).toContain("\r\n");
});

test("a file of the model may not stand where the program's own files come", async () => {
  using program = makeProgram(copy, { "model.onnx": sound() });
  const { message } = await failure(program);
  expect(message).toBe("model.onnx lies in the model's folder, and the program gets or writes a file of that name.");
});

async function parquetRows(file: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(`SELECT * FROM read_parquet('${file}')`);
  const rows = read.getRowObjectsJS();
  connection.closeSync();
  instance.closeSync();
  return rows;
}
