import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sha256 } from "../../../pipelines/config/canonical-json.ts";
import type { ExportResult } from "../../../pipelines/export-version.ts";
import { serviceName } from "../../../pipelines/serving/export/write-folder.ts";
import { deployed, type Scratch } from "../../scratch.ts";

const exporting = (target: string, output = "out", reference = "rent@1") => [
  "export",
  reference,
  "--for",
  target,
  "--output",
  output,
];

describe("mergeml export", () => {
  let untouched: Scratch;
  beforeAll(async () => {
    untouched = await deployed();
  });
  afterAll(() => untouched[Symbol.dispose]());

  it("writes MLflow's folder for MLServer, with the very bytes that are registered", async () => {
    using scratch = await deployed();
    const { files } = await scratch.facts<ExportResult>(exporting("mlserver"));
    const folder = join(scratch.root, "out", "rent");
    expect(files.map((file) => file.replace("rent/", "")).sort()).toEqual(readdirSync(folder).sort());
    expect(JSON.parse(readFileSync(join(folder, "model-settings.json"), "utf8"))).toEqual({
      name: "rent",
      implementation: "mlserver_mlflow.MLflowRuntime",
      parameters: { uri: ".", version: "1" },
    });
    const record = JSON.parse(readFileSync(join(folder, "version.json"), "utf8"));
    expect(sha256(readFileSync(join(folder, "model.onnx")))).toBe(record.candidate.model.sha256);
    expect(readdirSync(scratch.root).filter((name) => name.startsWith(".out"))).toEqual([]);
  });

  it("writes what the ONNX file declares for Triton, under the version's own number, into an empty folder", async () => {
    using scratch = await deployed();
    mkdirSync(join(scratch.root, "out"));
    const { code, stdout } = await scratch.mergeml(...exporting("triton", "out", "rent"));
    expect(code).toBe(0);
    expect(stdout).toContain("tritonserver --model-repository out");
    expect(readdirSync(join(scratch.root, "out", "rent", "1"))).toEqual(["model.onnx"]);
    const config = readFileSync(join(scratch.root, "out", "rent", "config.pbtxt"), "utf8");
    expect(config.match(/^(?:input|output) .*$/gm)).toEqual([
      'input [{ name: "size" data_type: TYPE_FP32 dims: [1] }]',
      'input [{ name: "rooms" data_type: TYPE_FP32 dims: [1] }]',
      'input [{ name: "city" data_type: TYPE_STRING dims: [1] }]',
      'output [{ name: "prediction" data_type: TYPE_FP32 dims: [1] }]',
    ]);
  });

  it("leaves an image to build for KServe where the store is a registry of containers", async () => {
    using scratch = await deployed();
    scratch.write("mergeml.yaml", "store: oci://ghcr.io/acme/models\n");
    const result = await scratch.facts<ExportResult>(exporting("kserve"));
    expect(result.storage_uri).toBe("oci://ghcr.io/acme/models:rent-v1");
    expect(result.next).toEqual([
      "docker build -t ghcr.io/acme/models:rent-v1 out",
      "docker push ghcr.io/acme/models:rent-v1",
    ]);
    const service = parse(readFileSync(join(scratch.root, "out", "inference-service.yaml"), "utf8"));
    expect(service.spec.predictor.model).toMatchObject({
      modelFormat: { name: "triton" },
      protocolVersion: "v2",
      storageUri: result.storage_uri,
    });
    expect(service.metadata.annotations["mergeml/digest"]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(readdirSync(join(scratch.root, "out", "models", "rent")).sort()).toEqual(["1", "config.pbtxt"]);
  });

  it.each([
    ["an unknown server", ["export", "rent@1", "--for", "torchserve", "--output", "out"], "mlserver, triton, kserve"],
    ["no server", ["export", "rent@1", "--output", "out"], "--for is missing"],
    ["no folder", ["export", "rent@1", "--for", "triton"], "--output is missing"],
    ["an unknown version", exporting("triton", "out", "rent@7"), "rent has no version 7"],
    ["an unknown model", exporting("triton", "out", "rant@1"), "did you mean rent?"],
    ["a folder with files", exporting("triton", "models"), "--output models is not empty (it has "],
    ["a file", exporting("triton", "data/flats.csv"), "--output data/flats.csv is a file"],
    ["a folder of data", exporting("triton", "data/out"), "is in a data folder (data)"],
    ["a store that is a folder", exporting("kserve"), "KServe cannot read the store, the folder"],
  ])("refuses %s, and writes nothing", async (_title, args, told) => {
    const { code, stderr } = await untouched.mergeml(...args);
    expect(stderr).toContain(told);
    expect(code).toBe(2);
    expect(readdirSync(untouched.root)).not.toContain("out");
  });

  it.each([
    ["rent", "rent"],
    ["3-days", "m-3-days"],
    ["-x", "m--x"],
    [`${"a".repeat(39)}-bcd`, "a".repeat(39)],
  ])("calls the service of %s %s", (model, name) => {
    expect(serviceName(model)).toBe(name);
  });
});
