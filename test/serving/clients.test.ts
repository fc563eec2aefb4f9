import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployed, type Scratch } from "../scratch.ts";
import { clientExamples } from "./client-examples.ts";
import { type ServeProcess, startServe } from "./serve-process.ts";

const run = promisify(execFile);

describe("the clients of docs/serving.md", () => {
  let scratch: Scratch;
  let server: ServeProcess;
  let expected: number[];
  beforeAll(async () => {
    scratch = await deployed();
    scratch.write("flats.csv", "id,size,rooms,city\n7,64,2,Ulm\n8,120.5,,Bonn\n");
    await scratch.facts(["predict", "rent", "--input", "flats.csv", "--output", "scored.jsonl"]);
    const { stdout } = await run("cat", [join(scratch.root, "scored.jsonl")]);
    expected = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { prediction: number }).prediction);
    server = await startServe({ cwd: scratch.root, env: scratch.env });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    scratch[Symbol.dispose]();
  });

  it("curl gives rows as JSON and CSV, and tensors", async () => {
    const examples = clientExamples("bash", server.url);
    expect(examples).toHaveLength(3);
    const [json = "", csv = "", tensors = ""] = await Promise.all(
      examples.map(async (code) => (await run("bash", ["-euo", "pipefail", "-c", code])).stdout),
    );
    expect(JSON.parse(json)).toEqual({ model: "rent", version: 1, predictions: expected });
    const lines = csv.trim().split("\n");
    expect(lines[0]).toBe("prediction,version");
    expect(lines.slice(1).map((line) => Number(line.split(",")[0]))).toEqual(expected);
    expect(JSON.parse(tensors).outputs[0]).toMatchObject({ name: "prediction", shape: [2, 1], data: expected });
  });

  it("TypeScript", async () => {
    const [code = ""] = clientExamples("ts", server.url);
    scratch.write("client.mts", code);
    const { stdout } = await run(process.execPath, [join(scratch.root, "client.mts")]);
    expect(JSON.parse(stdout)).toEqual({ version: 1, predictions: expected });
  });

  it("tell by what a refusal is mended", async () => {
    const [code = ""] = clientExamples("ts", server.url);
    scratch.write("mistaken.mts", code.replace("rooms: 2", "roms: 2"));
    await expect(run(process.execPath, [join(scratch.root, "mistaken.mts")])).rejects.toThrow("rooms");
  });
});
