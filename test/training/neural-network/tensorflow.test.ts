import util from "node:util";
import * as core from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { factsOf, loadTensorFlow } from "../../../pipelines/training/neural-network/tensorflow.ts";

function missing(): Promise<never> {
  const error = new Error("Cannot find package '@tensorflow/tfjs-node' imported from a file");
  return Promise.reject(Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" }));
}

function listening() {
  const warnings: string[] = [];
  return { warnings, log: { ...silentLog, warn: (text: string) => void warnings.push(text) } };
}

test("without tfjs-node, wasm computes, and nobody is told of what was never installed", async () => {
  const { warnings, log } = listening();
  expect(await loadTensorFlow("auto", log, missing)).toMatchObject({ backend: "wasm" });
  expect(core.getBackend()).toBe("wasm");
  expect(warnings).toEqual([]);
});

test("a tfjs-node that does not load is told, and wasm computes", async () => {
  const { warnings, log } = listening();
  const broken = () => Promise.reject(new Error("libtensorflow.so.2: cannot open shared object file\nRequire stack"));
  expect(await loadTensorFlow("auto", log, broken)).toMatchObject({ backend: "wasm" });
  expect(warnings).toEqual(["TensorFlow.js cannot use tfjs-node: libtensorflow.so.2: cannot open shared object file"]);
});

test("asking for tfjs-node where it is not installed is the user's error", async () => {
  await expect(loadTensorFlow("tfjs-node", silentLog, missing)).rejects.toMatchObject({
    name: "UserError",
    message: "`backend: tfjs-node` needs the package @tensorflow/tfjs-node, which is not installed.",
    problems: [
      { key: "params.backend", hint: "Run `npm install @tensorflow/tfjs-node`, or set `params.backend: wasm`." },
    ],
  });
});

test("a wanted backend that does not start is the user's error, with its reason", async () => {
  const cause = new Error("no such instruction");
  await expect(loadTensorFlow("tfjs-node", silentLog, () => Promise.reject(cause))).rejects.toMatchObject({
    message: "TensorFlow.js does not start (no such instruction).",
    cause,
  });
});

test("an installed tfjs-node computes, and finds the functions of util that Node has removed", async () => {
  const { MathBackendCPU } = await import("@tensorflow/tfjs-backend-cpu");
  let found: unknown[] = [];
  const installed = async () => {
    const old = util as unknown as { isNullOrUndefined(value: unknown): boolean; isArray(value: unknown): boolean };
    found = [old.isNullOrUndefined(null), old.isNullOrUndefined(0), old.isArray([])];
    core.registerBackend("tensorflow", () => new MathBackendCPU());
    core.copyRegisteredKernels("cpu", "tensorflow");
  };
  try {
    const tensorflow = await loadTensorFlow("auto", silentLog, installed);
    expect(factsOf(tensorflow)).toMatchObject({
      backend: "tfjs-node",
      reproducible: "not with tfjs-node, whose threads sum in any order",
    });
    expect(core.getBackend()).toBe("tensorflow");
    expect(found).toEqual([true, false, true]);
  } finally {
    core.removeBackend("tensorflow");
    await core.setBackend("cpu");
  }
});
