import { beforeAll, expect, test } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import {
  createNetwork,
  type LayerWeights,
  type LossKind,
  meanLoss,
} from "../../../pipelines/training/neural-network/network.ts";
import {
  type Backend,
  loadTensorFlow,
  type TensorFlow,
} from "../../../pipelines/training/neural-network/tensorflow.ts";
import { seeded } from "../tables.ts";

const ROWS = 6;
const INPUTS = 3;

const cases: [Backend, LossKind, number, number[], number[] | null][] = (["wasm", "cpu"] as const).flatMap(
  (backend): [Backend, LossKind, number, number[], number[] | null][] => [
    [backend, "squared", 1, [0.5, -1, 2, 0, 1, -3], null],
    [backend, "logistic", 1, [0, 1, 1, 0, 1, 0], null],
    [backend, "logistic", 1, [0, 1, 1, 0, 1, 0], [0.5, 2, 2, 0.5, 2, 0.5]],
    [backend, "softmax", 3, [0, 1, 2, 0, 1, 2], null],
    [backend, "softmax", 3, [0, 1, 2, 0, 1, 2], [1, 2, 3, 1, 2, 3]],
  ],
);

test.each(cases)(
  "%s: the gradient of %s loss is that of finite differences (%i outputs, targets %j, weights %j)",
  async (backend, kind, outputs, targets, rowWeights) => {
    const tensorflow = await loadTensorFlow(backend, silentLog);
    const { core } = tensorflow;
    const random = seeded(2);
    const before = core.memory().numTensors;
    {
      // tanh, because the slope of relu jumps.
      const shape = { inputs: INPUTS, hidden: [4, 5], outputs, activation: "tanh" as const };
      using network = createNetwork(tensorflow, shape, () => Math.floor(1e6 * random()));
      const inputs = Float32Array.from({ length: ROWS * INPUTS }, () => 2 * random() - 1);
      const weights = rowWeights && Float32Array.from(rowWeights);
      const loss = () =>
        meanLoss(
          tensorflow,
          kind,
          network.scores(core.tensor2d(inputs, [ROWS, INPUTS])),
          Float32Array.from(targets),
          weights,
        );
      const value = () => core.tidy(() => loss().dataSync()[0]!);
      const gradients = core.tidy(() => {
        const { grads } = core.variableGrads(loss);
        return network.variables.map(({ kernel, bias }) => ({
          kernel: grads[kernel.name]!.dataSync<"float32">().slice(),
          bias: grads[bias.name]!.dataSync<"float32">().slice(),
        }));
      });
      const start = network.weights();
      for (const [layer, parts] of gradients.entries()) {
        for (const part of ["kernel", "bias"] as const) {
          for (const [i, gradient] of parts[part].entries()) {
            const [up, down] = [0.01, -0.01].map((by) => {
              network.setWeights(moved(start, layer, part, i, by));
              return value();
            });
            expect(Math.abs((up! - down!) / 0.02 - gradient)).toBeLessThan(1e-3 * Math.max(1, Math.abs(gradient)));
          }
        }
      }
    }
    expect(core.memory().numTensors).toBe(before);
  },
);

function moved(weights: readonly LayerWeights[], layer: number, part: "kernel" | "bias", at: number, by: number) {
  return weights.map((each, l) =>
    l === layer ? { ...each, [part]: each[part].with(at, each[part][at]! + by) } : each,
  );
}

let wasm: TensorFlow;
beforeAll(async () => {
  wasm = await loadTensorFlow("wasm", silentLog);
});

test.each([
  ["squared", [3], [1], 4],
  ["logistic", [0], [1], Math.log(2)],
  ["logistic", [1000], [1], 0],
  ["logistic", [-1000], [1], 1000],
  ["softmax", [0, 0, 0], [2], Math.log(3)],
  ["softmax", [1000, 0, -1000], [0], 0],
  ["softmax", [1000, 0, -1000], [2], 2000],
] as [LossKind, number[], number[], number][])(
  "%s loss of scores %j against %j is %d",
  (kind, scores, targets, expected) => {
    const { core } = wasm;
    const loss = core.tidy(
      () =>
        meanLoss(
          wasm,
          kind,
          core.tensor2d(scores, [1, scores.length]),
          Float32Array.from(targets),
          null,
        ).dataSync()[0]!,
    );
    expect(loss).toBeCloseTo(expected, 5);
  },
);
