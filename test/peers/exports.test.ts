import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { makeScratch, type Scratch } from "../scratch.ts";
import { bandColumn, bandYaml, flatColumns, flatRows, ownScores } from "./flats.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";
import { pythonOf } from "./virtual-environment.ts";

const python = pythonOf("peer-mlserver");

interface InferAnswer {
  model_version: string;
  outputs: { name: string; data: (number | string)[] }[];
}

it("MLServer loads what is exported for it, and answers with our predictions to 1e-6", async () => {
  using scratch = await twoModels();
  for (const model of ["rent", "band"])
    await scratch.facts(["export", model, "--for", "mlserver", "--output", `repository/${model}`]);
  await using server = await startMlserver(join(scratch.root, "repository"));
  for (const [model, output] of [
    ["rent", "prediction"],
    ["band", "probabilities"],
  ] as const) {
    const answer = await infer(server, model);
    expect(answer.model_version).toBe("1");
    const data = answer.outputs.find(({ name }) => name === output)?.data ?? [];
    // MLServer writes a list a row as a text of JSON.
    const theirs = data.flatMap((value) => (typeof value === "string" ? (JSON.parse(value) as number[]) : [value]));
    const ours = await ownScores(join(scratch.root, "repository", model, model));
    expect(theirs).toHaveLength(ours.length);
    for (const [i, value] of ours.entries())
      expect(Math.abs(theirs[i]! - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-6);
  }
});

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
