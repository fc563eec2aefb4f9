import { describe, expect, it } from "vitest";
import { tritonConfig } from "../../../pipelines/serving/export/write-folder.ts";
import type { DeclaredTensor } from "../../../pipelines/training/onnx/interface.ts";

const size: DeclaredTensor = { name: "size", type: "float32", shape: ["N", 1] };
const prediction: DeclaredTensor = { name: "prediction", type: "float32", shape: ["N", 1] };
const config = (inputs: DeclaredTensor[], outputs: DeclaredTensor[]) => tritonConfig("rent", { inputs, outputs });

describe("config.pbtxt", () => {
  it("names every tensor with its type and its size a row, and leaves the rows to batching", () => {
    const city: DeclaredTensor = { name: "city", type: "string", shape: ["N", 1] };
    const probabilities: DeclaredTensor = { name: "probabilities", type: "float32", shape: ["N", 3] };
    expect(config([size, city], [probabilities])).toBe(`name: "rent"
backend: "onnxruntime"
max_batch_size: 4096
input [{ name: "size" data_type: TYPE_FP32 dims: [1] }]
input [{ name: "city" data_type: TYPE_STRING dims: [1] }]
output [{ name: "probabilities" data_type: TYPE_FP32 dims: [3] }]
instance_group [{ kind: KIND_CPU }]
dynamic_batching { }
parameters { key: "intra_op_thread_count" value { string_value: "1" } }
parameters { key: "inter_op_thread_count" value { string_value: "1" } }
`);
  });

  it.each<[string, DeclaredTensor, string]>([
    [
      "one value a row without a size of its own",
      { name: "label", type: "int64", shape: ["N"] },
      "TYPE_INT64 dims: [1] reshape { shape: [ ] }",
    ],
    ["an open size", { name: "scores", type: "float64", shape: [-1, "k"] }, "TYPE_FP64 dims: [-1]"],
    ["truth values", { name: "ok", type: "bool", shape: [-1, 2, 2] }, "TYPE_BOOL dims: [2, 2]"],
  ])("%s", (_title, output, expected) => {
    expect(config([size], [output])).toContain(`output [{ name: "${output.name}" data_type: ${expected} }]`);
  });

  it("takes no batches where the file fixes the number of rows", () => {
    const text = config([{ ...size, shape: [1, 1] }], [{ ...prediction, shape: [1, 1] }]);
    expect(text).toContain("max_batch_size: 0\n");
    expect(text).toContain("dims: [1, 1]");
    expect(text).not.toContain("dynamic_batching");
  });

  it("writes a name that would end its text as a name", () => {
    const text = config([{ ...size, name: 'a"] }\nmax_batch_size: 9 \\ é' }], [prediction]);
    expect(text).toContain(String.raw`name: "a\"] }\012max_batch_size: 9 \\ é" data_type`);
    expect(text.match(/^max_batch_size/gm)).toHaveLength(1);
  });

  it("refuses a model with a list of maps, and says how to train another", () => {
    const maps: DeclaredTensor = { name: "output_probability", type: null, shape: [] };
    expect(() => config([size], [maps])).toThrow('its output "output_probability" is no tensor that it knows');
  });
});
