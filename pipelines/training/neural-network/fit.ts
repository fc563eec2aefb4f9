import { setImmediate } from "node:timers/promises";
import type { Scalar } from "@tensorflow/tfjs-core";
import { UserError } from "../../errors/expected-error.ts";
import type { Step } from "../../ports/host.ts";
import { inOrder, type RowEncoder } from "./examples.ts";
import {
  createDescent,
  createNetwork,
  type Descent,
  type DropoutMask,
  type LayerWeights,
  type LossKind,
  meanLoss,
  type Network,
  type Shape,
} from "./network.ts";
import type { NetworkParams } from "./params.ts";
import { shuffle, uniformRandom } from "./random.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** The loss by epoch, on the rows of training and on those kept for validation (none without early stopping). */
export interface LossHistory {
  train: readonly number[];
  validation: readonly number[];
}

/** Weights of each layer, and the way there. */
interface Fit {
  weights: readonly LayerWeights[];
  history: LossHistory;
}

/** The seed, and where progress goes; `describe` says a loss in the user's terms. */
interface Reporting {
  step: Step;
  describe: (loss: number) => string;
}

// How many steps an epoch should have at least, where the rows suffice.
const LEAST_STEPS = 8;
// Between two turns nothing else in the process gets to run, not even an interrupt.
const STEPS_PER_TURN = 50;
// Often enough for what a penalty drives out, which is a fifth smaller after each step.
const STEPS_PER_SETTLING = 10;
const VALIDATION_BATCH = 2048;

/** Trains a network of the shape: seeded, rows in a new order each epoch. Throws UserError when the loss is no longer a number. */
export async function fitNetwork(
  tensorflow: TensorFlow,
  shape: Shape,
  examples: NetworkExamples,
  params: NetworkParams,
  seed: number,
  reporting: Reporting,
): Promise<Fit> {
  const random = uniformRandom(seed);
  using network = createNetwork(tensorflow, shape, () => Math.floor(random() * 2 ** 31));
  using descent = createDescent(tensorflow, params);
  const rows = splitRows(examples.encoder.rows, params, random);
  const run: Run = { tensorflow, examples, params, network, descent, random };
  const fit = await runEpochs(run, rows, reporting);
  if (!fit.weights.every(hasNumbersOnly)) throw diverged(params.epochs, params);
  return fit;
}

async function runEpochs(run: Run, rows: Rows, { step, describe }: Reporting): Promise<Fit> {
  const { network, params } = run;
  const train: number[] = [];
  const validation: number[] = [];
  let best: readonly LayerWeights[] = [];
  let latest = "";
  const report = (epochs: number) => step.update(epochs / params.epochs, latest);
  for (let epoch = 0; epoch < params.epochs; epoch++) {
    train.push(await trainEpoch(run, rows.train, epoch, (done) => report(epoch + done)));
    if (rows.validation.length > 0) {
      validation.push(checked(validationLoss(run, rows.validation), epoch, params));
      if (bestOf(validation) === epoch) best = network.weights();
    }
    latest = `${epoch + 1}/${params.epochs}  ${describe(validation.at(-1) ?? train.at(-1)!)}`;
    report(epoch + 1);
    if (validation.length > 0 && epoch - bestOf(validation) >= params.earlyStopping) break;
  }
  return { weights: validation.length > 0 ? best : network.weights(), history: { train, validation } };
}

interface Rows {
  train: Int32Array;
  validation: Int32Array;
}

/** Holds a random share of the rows back for validation, where early stopping wants it and there are two rows. */
function splitRows(rows: number, { earlyStopping, validationShare }: NetworkParams, random: () => number): Rows {
  const order = inOrder(rows);
  if (earlyStopping === 0 || rows < 2) return { train: order, validation: new Int32Array() };
  shuffle(order, random);
  const held = Math.min(rows - 1, Math.max(1, Math.round(rows * validationShare)));
  return { train: order.slice(held), validation: order.slice(0, held) };
}

/** One pass over the rows, which it shuffles; gives their mean loss as it was at each step. */
async function trainEpoch(run: Run, rows: Int32Array, epoch: number, report: (done: number) => void): Promise<number> {
  const { params } = run;
  const batch = Math.min(params.batchSize, Math.ceil(rows.length / LEAST_STEPS));
  const weights = run.network.variables.flatMap(({ kernel, bias }) => [kernel, bias]);
  shuffle(rows, run.random);
  let sum = 0;
  for (let start = 0, steps = 1; start < rows.length; start += batch, steps++) {
    const chosen = rows.subarray(start, start + batch);
    const progress = (epoch + start / rows.length) / params.epochs;
    sum += chosen.length * checked(trainStep(run, chosen, progress), epoch, params);
    if (run.descent.steps % STEPS_PER_SETTLING === 0) await run.descent.settle(weights);
    if (steps % STEPS_PER_TURN === 0) {
      report((start + chosen.length) / rows.length);
      await setImmediate();
    }
  }
  await setImmediate();
  return sum / rows.length;
}

function validationLoss(run: Run, rows: Int32Array): number {
  let sum = 0;
  for (let start = 0; start < rows.length; start += VALIDATION_BATCH) {
    const chosen = rows.subarray(start, start + VALIDATION_BATCH);
    sum += chosen.length * lossOfRows(run, chosen);
  }
  return sum / rows.length;
}

function bestOf(losses: readonly number[]): number {
  return losses.indexOf(Math.min(...losses));
}

function checked(loss: number, epoch: number, params: NetworkParams): number {
  if (!Number.isFinite(loss)) throw diverged(epoch + 1, params);
  return loss;
}

function hasNumbersOnly({ kernel, bias }: LayerWeights): boolean {
  return [kernel, bias].every((values) => values.every(Number.isFinite));
}

function diverged(epoch: number, { learningRate, epochs }: NetworkParams): UserError {
  return new UserError({
    message: `Training diverged in epoch ${epoch} of ${epochs}: the loss is not a finite number any more.`,
    hint: `Lower \`params.learning_rate\`, e.g. from ${learningRate} to ${Number((learningRate / 10).toPrecision(3))}.`,
    key: "params.learning_rate",
  });
}

/** What a network learns from: `targets` [rows] as `meanLoss` takes them, and the weight of each class in the loss. */
export interface NetworkExamples {
  encoder: RowEncoder;
  targets: Float32Array;
  classWeights: Float32Array | null;
  loss: LossKind;
}

/** A network on its way, and all that moves it. */
interface Run {
  tensorflow: TensorFlow;
  examples: NetworkExamples;
  params: NetworkParams;
  network: Network;
  descent: Descent;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Moves the weights along the gradient of some rows; gives their mean loss before that, without the L2 penalty. */
function trainStep(run: Run, rows: Int32Array, progress: number): number {
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
function lossOfRows(run: Run, rows: Int32Array): number {
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
