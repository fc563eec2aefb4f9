import { setImmediate } from "node:timers/promises";
import type { FeatureColumn, Table, Target } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import type { Step } from "../../ports/host.ts";
import type { Importance, Predictions, TrainedModel, TrainingCurve, TrainingInput } from "../trainer.ts";
import { encodeColumns } from "./encode-columns.ts";
import { largest } from "./fixed-point.ts";
import { growTree } from "./grow-tree.ts";
import { HistogramPool, MOST_ROWS } from "./histogram.ts";
import { LossCurve } from "./loss-curve.ts";
import { directionsOf } from "./monotone.ts";
import { type BoostingParams, readParams } from "./params.ts";
import { choose } from "./random.ts";
import { scoreFeatures } from "./scorer.ts";
import { OP } from "./shard.ts";
import {
  chooseLoss,
  deriveAtBestScale,
  type Examples,
  renewLeaves,
  startTraining,
  type Training,
} from "./start-training.ts";
import { forestToOnnx } from "./to-onnx.ts";
import { type Forest, finishTree, type Tree, zeroTree } from "./tree.ts";

const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** Trains on the table; throws UserError where there is nothing to learn from. */
export async function trainForest({ table, params, seed, threads, log }: TrainingInput): Promise<TrainedModel> {
  checkTable(table);
  const settings = readParams(params);
  const { forest, curves } = await log.step(
    "Growing trees",
    async (step) => {
      const examples = await examplesOf(table, settings, { seed, threads });
      return boost(examples, settings, { seed, threads, step });
    },
    ({ forest }) => `${forest.trees.length} trees`,
  );
  const specs = table.features.map(({ name, kind }) => ({ name, kind }));
  return {
    onnx: forestToOnnx(forest, specs, table.target),
    predict: (features) => predict(forest, inOrder(features, specs), table.target),
    importance: importanceOf(forest, table.features),
    coefficients: [],
    curves,
  };
}

function checkTable({ rows, features, target }: Table): void {
  if (rows === 0) throw new UserError({ message: "The train split has no rows.", key: "features.window" });
  if (features.length === 0) {
    throw new UserError({ message: "There are no features to train on.", hint: "Add columns to the feature query." });
  }
  if (rows > MOST_ROWS) throw new Error(`${rows} rows are more than can be summed exactly`);
  if (target.task === "classification" && target.classes.length < 2) {
    const message = `A classifier needs two classes; the target has ${target.classes.length}.`;
    throw new UserError({ message, hint: "Widen the window, or check the target.", key: "features.target" });
  }
  if (target.task === "regression" && largest(target.values) > LARGEST_FLOAT32) {
    const message = "A target is larger than a float32 can hold (3.4e38), which is what an ONNX model predicts.";
    throw new UserError({ message, hint: "Scale the target in the feature query.", key: "features.target" });
  }
}

/** Codes the table for the trees. Categories are ordered by the target, or by the share of a class for each score. */
async function examplesOf(
  table: Table,
  params: BoostingParams,
  run: { seed: number; threads: number },
): Promise<Examples> {
  const { target } = table;
  const targets = new Float64Array(new SharedArrayBuffer(8 * table.rows));
  targets.set(target.task === "regression" ? target.values : target.codes);
  const loss = chooseLoss(target, targets, params);
  const outputs = loss.name === "softmax" ? loss.classes : 1;
  const orderBy = Array.from({ length: outputs }, (_, output) =>
    loss.name === "softmax" ? targets.map((code) => (code === output ? 1 : 0)) : targets,
  );
  const rules = { maxBins: params.maxBins, smoothing: params.smoothing, minRows: params.minRows };
  const columns = await encodeColumns(table, orderBy, rules, run);
  return { columns, targets, loss, directions: directionsOf(table, columns, params) };
}

/** The columns in the order of training. */
function inOrder(columns: readonly FeatureColumn[], specs: readonly { name: string }[]): FeatureColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return specs.map(({ name }) => {
    const column = byName.get(name);
    if (!column)
      throw new UserError({ message: `The model needs the column ${JSON.stringify(name)}, which is missing.` });
    return column;
  });
}

function predict(forest: Forest, features: readonly FeatureColumn[], target: Target): Predictions {
  const scores = scoreFeatures(forest, features);
  const rows = scores.length / forest.base.length;
  if (target.task === "regression") {
    return { rows, classes: [], values: Float32Array.from(forest.link === "log" ? scores.map(Math.exp) : scores) };
  }
  return { rows, classes: target.classes, values: probabilities(scores, rows, target.classes.length) };
}

/** Shares of the total gain; equal shares when no tree found a split. */
function importanceOf({ columns, trees }: Forest, features: readonly FeatureColumn[]): Importance[] {
  const byFeature = new Float64Array(features.length);
  for (const tree of trees) {
    tree.column.forEach((column, node) => {
      if (column >= 0) byFeature[columns[column]!.feature]! += tree.gain[node]!;
    });
  }
  const total = byFeature.reduce((sum, gain) => sum + gain, 0);
  return features.map(({ name }, index) => ({
    feature: name,
    share: total > 0 ? byFeature[index]! / total : 1 / features.length,
  }));
}

/** A trained forest, and how it got there. */
interface Boosted {
  forest: Forest;
  curves: readonly TrainingCurve[];
}

/** Progress is told about every so many cells (rows × columns) worked on, some 50 ms: no clock is read here. */
const CELLS_PER_UPDATE = 2e7;

/** Gradient boosting (Friedman 2001) with second-order leaf values: each round adds a tree per score, fitted to the loss's derivatives at the current scores. */
async function boost(
  examples: Examples,
  params: BoostingParams,
  run: { seed: number; threads: number; step: Step },
): Promise<Boosted> {
  const training = await startTraining(examples, params, run.seed, run.threads);
  await using team = training.team;
  const growRound = roundGrower(examples, params, run.seed, training);
  const curve = new LossCurve(training.loss, training.lossScale, params.earlyStopping);
  checkRows(await curve.observe(team), params);
  const trees: Tree[][] = [];
  const cells = examples.targets.length * examples.columns.length * training.base.length;
  let untold = 0;
  while (trees.length < params.trees && !curve.hasStopped()) {
    const grown = await growRound(trees.length, training.loss.noise(curve.meanTrainLoss()));
    if (grown.length === 0) break;
    trees.push(grown);
    await curve.observe(team);
    untold += cells;
    if (untold < CELLS_PER_UPDATE && trees.length < params.trees) continue;
    untold = 0;
    run.step.update(trees.length / params.trees, `${trees.length}/${params.trees}  ${curve.latest()}`);
    // So that the terminal is drawn and an interruption is heard.
    await setImmediate();
  }
  const kept = trees.slice(0, curve.bestRounds()).flat();
  // ONNX wants a tree even where the base scores are all there is to say.
  const { base, loss } = training;
  const forest = { columns: examples.columns, base, link: loss.link, trees: kept.length > 0 ? kept : [zeroTree()] };
  return { forest, curves: curve.curves() };
}

function checkRows({ train, validation }: { train: number; validation: number }, params: BoostingParams): void {
  if (train > 0 && (params.earlyStopping === 0 || validation > 0)) return;
  throw new UserError({
    message: `early_stopping has ${train} rows to train on and ${validation} to validate with; it needs both.`,
    hint: "Set early_stopping: 0, change validation_share, or train on more rows.",
    key: "params.early_stopping",
  });
}

/** Gives a function that grows a round's trees, one per score; none when no tree can split, now or in any later round. */
function roundGrower(
  { columns, directions = null }: Examples,
  params: BoostingParams,
  seed: number,
  training: Training,
): (round: number, noise: number) => Promise<Tree[]> {
  const { team, board, countWeight, hessianScale } = training;
  const { loss, residuals } = training;
  const rules = { ...params, leafStep: loss.leafStep };
  const garden = { ...training, pool: new HistogramPool(board.nodes.length), rules };
  const scales = training.base.map(() => training.firstGradientScale);
  const isRandom = params.subsample < 1 || params.columnsPerTree < 1;
  const limits = { countWeight, first: training.firstGradientScale };
  return async (round, noise) => {
    const trees: Tree[] = [];
    const usable = usableFeatures(columns, params.columnsPerTree, seed, round);
    for (let output = 0; output < training.base.length; output++) {
      const gradientScale = await deriveAtBestScale(team, output, scales[output]!, limits);
      scales[output] = gradientScale;
      const units = { countWeight, gradientScale, hessianScale };
      const allowed = columnsOf(columns, usable, output);
      const search = { columns: allowed, layout: training.layout, units, rules: params, noise, directions };
      const splits = await growTree(garden, round, search);
      if (residuals && loss.leafOf) {
        await team.run(OP.residuals);
        const leafOf = (values: Float64Array) => params.learningRate * loss.leafOf!(values);
        renewLeaves(board.tree, 2 * splits.length + 1, { residuals, leafOf, directions });
      }
      await team.run(OP.add, output);
      trees.push(finishTree(board.tree, splits, output, columns));
    }
    return isRandom || trees.some((tree) => tree.column.length > 1) ? trees : [];
  };
}

function usableFeatures(columns: Examples["columns"], share: number, seed: number, round: number): Set<number> {
  const features = [...new Set(columns.map((column) => column.feature))];
  const count = Math.max(1, Math.round(share * features.length));
  // Bit 30 keeps this draw apart from that of the round's rows.
  return new Set(choose(features.length, count, seed, round | (1 << 30)).map((each) => features[each]!));
}

/** Columns that the trees of one score may split on. */
function columnsOf(columns: Examples["columns"], usable: Set<number>, output: number): Int32Array {
  const all = columns.map((_, index) => index);
  return Int32Array.from(
    all.filter((index) => {
      const column = columns[index]!;
      return usable.has(column.feature) && (column.output ?? output) === output;
    }),
  );
}

/**
 * Probabilities [rows × classes], row-major, of scores [outputs × rows]: the sigmoid of one score with two classes, else
 * the softmax.
 */
export function probabilities(scores: Float64Array, rows: number, classes: number): Float32Array {
  const result = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const into = result.subarray(row * classes, (row + 1) * classes);
    if (classes === 2) sigmoid(scores[row]!, into);
    else softmax(scores, row, rows, into);
  }
  return result;
}

function sigmoid(score: number, into: Float32Array): void {
  into[0] = 1 / (1 + Math.exp(score));
  into[1] = 1 / (1 + Math.exp(-score));
}

function softmax(scores: Float64Array, row: number, rows: number, into: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < into.length; i++) largest = Math.max(largest, scores[i * rows + row]!);
  let sum = 0;
  for (let i = 0; i < into.length; i++) sum += Math.exp(scores[i * rows + row]! - largest);
  for (let i = 0; i < into.length; i++) into[i] = Math.exp(scores[i * rows + row]! - largest) / sum;
}
