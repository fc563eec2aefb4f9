import type { Scalar } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { createDescent } from "../../../pipelines/training/neural-network/network.ts";
import type { OptimizerName } from "../../../pipelines/training/neural-network/params.ts";
import { loadTensorFlow, type TensorFlow } from "../../../pipelines/training/neural-network/tensorflow.ts";

const smallestNormal = 2 ** -126;

/** Numbers that a processor takes fifty times as long for. */
const subnormal = (values: number[]) => values.filter((each) => each !== 0 && Math.abs(each) < smallestNormal);

/** What a penalty's descent leaves of some weights, settled every ten steps or never. */
async function driveOut(tensorflow: TensorFlow, optimizer: OptimizerName, settles: boolean): Promise<number[]> {
  const { core } = tensorflow;
  const weights = core.tidy(() => core.tensor1d([0.05, -0.05, 0]).variable());
  using descent = createDescent(tensorflow, { optimizer, learningRate: 0.01, schedule: "constant" });
  for (let step = 1; step <= 2_000; step++) {
    core.tidy(() => {
      const penalty = () => core.mul<Scalar>(1, core.sum(core.square(weights)));
      descent.apply(core.variableGrads(penalty, [weights]).grads, 0);
    });
    if (settles && descent.steps % 10 === 0) await descent.settle([weights]);
  }
  const left = [...weights.dataSync()];
  weights.dispose();
  return left;
}

test.each(["wasm", "cpu"] as const)("%s: weights that a penalty drives out come to 0", async (backend) => {
  const tensorflow = await loadTensorFlow(backend, silentLog);
  const before = tensorflow.core.memory().numTensors;
  expect(subnormal(await driveOut(tensorflow, "adam", false)).length).toBeGreaterThan(0);
  for (const optimizer of ["adam", "rmsprop", "sgd"] as const) {
    const left = await driveOut(tensorflow, optimizer, true);
    expect({ optimizer, slow: subnormal(left) }).toEqual({ optimizer, slow: [] });
  }
  expect(tensorflow.core.memory().numTensors).toBe(before);
});

test("what is no number stays none, so that a training that diverged is told", async () => {
  const tensorflow = await loadTensorFlow("wasm", silentLog);
  const { core } = tensorflow;
  const weights = core.tidy(() => core.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, 1e-30, 1e-3]).variable());
  using descent = createDescent(tensorflow, { optimizer: "adam", learningRate: 0.01, schedule: "constant" });
  await descent.settle([weights]);
  expect([...weights.dataSync()]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, Math.fround(1e-3)]);
  weights.dispose();
});
