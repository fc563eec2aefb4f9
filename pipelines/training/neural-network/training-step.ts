import type { Scalar } from "@tensorflow/tfjs-core";
import type { RowEncoder } from "./examples.ts";
import { type LossKind, meanLoss } from "./loss.ts";
import type { DropoutMask, Network } from "./network.ts";
import type { Descent } from "./optimizer.ts";
import type { NetworkParams } from "./params.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** What a network learns from: `targets` [rows] as `meanLoss` takes them, and the weight of each class in the loss. */
export interface NetworkExamples {
  encoder: RowEncoder;
  targets: Float32Array;
  classWeights: Float32Array | null;
  loss: LossKind;
}

/** A network on its way, and all that moves it. */
export interface Run {
  tensorflow: TensorFlow;
  examples: NetworkExamples;
  params: NetworkParams;
  network: Network;
  descent: Descent;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Moves the weights along the gradient of some rows; gives their mean loss before that, without the L2 penalty. */
export function trainStep(run: Run, rows: Int32Array, progress: number): number {
  const { core } = run.tensorflow;
  const variables = run.network.variables.flatMap(({ kernel, bias }) => [kernel, bias]);
  return core.tidy(() => {
    let loss = Number.NaN;
    const { grads } = core.variableGrads(() => {
      const mean = meanLossOf(run, rows, run.params.dropout > 0 ? dropoutMask(run) : undefined);
      loss = mean.dataSync()[0]!;
      return withPenalty(run, mean);
    }, variables);
    run.descent.apply(grads, progress);
    return loss;
  });
}

/** The mean loss of some rows, as they will be predicted: without dropout. */
export function lossOfRows(run: Run, rows: Int32Array): number {
  return run.tensorflow.core.tidy(() => meanLossOf(run, rows).dataSync()[0]!);
}

function meanLossOf({ tensorflow, examples, network }: Run, rows: Int32Array, dropout?: DropoutMask): Scalar {
  const { encoder, targets, classWeights, loss } = examples;
  const values = new Float32Array(rows.length * encoder.width);
  encoder.fill(values, rows);
  const inputs = tensorflow.core.tensor2d(values, [rows.length, encoder.width]);
  const wanted = Float32Array.from(rows, (row) => targets[row]!);
  const weights = classWeights && wanted.map((code) => classWeights[code]!);
  return meanLoss(tensorflow, loss, network.scores(inputs, dropout), wanted, weights);
}

/** Rows from which on the penalty weighs less: what it guards against, learning single rows, fades as they grow many. */
const FULL_PENALTY_ROWS = 5_000;

function withPenalty({ tensorflow: { core }, examples, network, params }: Run, loss: Scalar): Scalar {
  // The loss is twice the likelihood's where errors are squared, and so must its penalty be.
  const share = examples.loss === "squared" ? 2 : 1;
  const l2 = share * params.l2 * Math.min(1, FULL_PENALTY_ROWS / examples.targets.length);
  if (l2 === 0) return loss;
  return network.variables.reduce(
    (sum, { kernel }) => core.add<Scalar>(sum, core.mul(l2, core.sum(core.square(kernel)))),
    loss,
  );
}

/** Leaves each unit out with the chance `dropout`; the others are raised, so that sums keep their size (Srivastava 2014). */
function dropoutMask({ tensorflow, params: { dropout }, random }: Run): DropoutMask {
  const kept = 1 / (1 - dropout);
  return (rows, units) => {
    const mask = Float32Array.from({ length: rows * units }, () => (random() < dropout ? 0 : kept));
    return tensorflow.core.tensor2d(mask, [rows, units]);
  };
}
