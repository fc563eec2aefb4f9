import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeScratch, type Scratch } from "../scratch.ts";
import { clientExamples } from "../serving/client-examples.ts";
import { startServe } from "../serving/serve-process.ts";
import { bandColumn, bandYaml, flatColumns, flatRows, ownScores } from "./flats.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";
import { pythonOf } from "./virtual-environment.ts";

const run = promisify(execFile);
const python = pythonOf("peer-mlserver");
const root = join(import.meta.dirname, "..", "..");
const models = ["rent", "band"] as const;

interface InferAnswer {
  model_version: string;
  outputs: { name: string; data: (number | string)[] }[];
}

describe("beside other servers", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await twoModels();
  });
  afterAll(() => scratch[Symbol.dispose]());

  it("MLServer loads what is exported for it, and answers with our predictions to 1e-6", async () => {
    for (const model of models)
      await scratch.facts(["export", model, "--for", "mlserver", "--output", `repository/${model}`]);
    await using server = await startMlserver(join(scratch.root, "repository"));
    for (const model of models) {
      const answer = await infer(server, model);
      expect(answer.model_version).toBe("1");
      const data = answer.outputs.find(({ name }) => name === "prediction" || name === "probabilities")?.data ?? [];
      // MLServer writes a list a row as a text of JSON.
      const theirs = data.flatMap((value) => (typeof value === "string" ? (JSON.parse(value) as number[]) : [value]));
      const ours = await ownScores(join(scratch.root, "repository", model, model));
      expect(theirs).toHaveLength(ours.length);
      for (const [i, value] of ours.entries())
        expect(Math.abs(theirs[i]! - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-6);
    }
  });

  it("config.pbtxt is a message of Triton's, with the tensors that ONNX Runtime finds in the file", async () => {
    for (const model of models) {
      await scratch.facts(["export", model, "--for", "triton", "--output", `triton/${model}`]);
      await check("triton", join(scratch.root, "triton", model, model));
    }
  });

  it("an InferenceService has no key that KServe does not know, and its image no fault that hadolint finds", async () => {
    scratch.write("mergeml.yaml", "store: oci://ghcr.io/acme/models\n");
    await scratch.facts(["export", "band", "--for", "kserve", "--output", "service"]);
    expect(readdirSync(join(scratch.root, "service")).sort()).toEqual([
      "Dockerfile",
      "inference-service.yaml",
      "models",
    ]);
    await check("kserve", join(scratch.root, "service", "inference-service.yaml"));
    await hadolint(join(scratch.root, "service", "Dockerfile"));
  });

  it("our own container and manifest have no fault that hadolint and Kubernetes' schemas find", async () => {
    await hadolint(join(root, "deploy", "Dockerfile"));
    await check("kubernetes", join(root, "deploy", "kubernetes.yaml"));
  });

  it("Python's requests and tritonclient ask our server as docs/serving.md says", async () => {
    scratch.write("flats.csv", "size,rooms,city\n64,2,Ulm\n120.5,,Bonn\n");
    await scratch.facts(["predict", "rent", "--input", "flats.csv", "--output", "scored.jsonl"]);
    const { stdout } = await run("cat", [join(scratch.root, "scored.jsonl")]);
    const rows = stdout.trim().split("\n");
    const expected = rows.map((line) => (JSON.parse(line) as { prediction: number }).prediction);
    await using server = await startServe({ cwd: scratch.root, env: scratch.env });
    const examples = clientExamples("python", server.url);
    expect(examples).toHaveLength(2);
    for (const code of examples) {
      const told = JSON.parse((await run(python, ["-c", code])).stdout) as number[];
      expect(told.map(Math.fround)).toEqual(expected.map(Math.fround));
    }
  });
});

async function check(what: string, target: string): Promise<void> {
  const { stdout } = await run(python, [join(import.meta.dirname, "check-exports.py"), what, target]);
  expect(stdout).toBe(`${what}: ok\n`);
}

async function hadolint(file: string): Promise<void> {
  const { stdout } = await run(join(dirname(python), "hadolint"), ["--failure-threshold", "style", file]);
  expect(stdout).toBe("");
}

async function twoModels(): Promise<Scratch> {
  const scratch = makeScratch();
  scratch.write("models/band/model.yaml", bandYaml("band"));
  scratch.write("models/band/features.sql", `SELECT id, size, rooms, city, ${bandColumn} FROM 'flats.csv'\n`);
  await scratch.facts(["init"]);
  for (const model of ["rent", "band"]) await scratch.facts(["run", model]);
  return scratch;
}

function startMlserver(folder: string): Promise<PeerProcess> {
  const bin = dirname(python);
  return startPeer({
    ...{ name: "mlserver", folder, healthPath: "/v2/health/ready" },
    program: python,
    args: () => [join(bin, "mlserver"), "start", folder],
    env: { PATH: `${bin}:${process.env.PATH}`, MLSERVER_HOST: "127.0.0.1", MLSERVER_PARALLEL_WORKERS: "0" },
    portsIn: ["MLSERVER_HTTP_PORT", "MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT"],
  });
}

async function infer({ url }: PeerProcess, model: string): Promise<InferAnswer> {
  const inputs = flatColumns.map((name, at) => ({
    name,
    datatype: name === "city" ? "BYTES" : "FP64",
    shape: [flatRows.length, 1],
    data: flatRows.map((row) => row[at]),
  }));
  const response = await fetch(`${url}/v2/models/${model}/versions/1/infer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as InferAnswer;
}
