import { setImmediate } from "node:timers/promises";
import { UserError } from "../../errors/user-error.ts";
import type { Step } from "../../ports/log.ts";
import type { TrainingCurve } from "../trainer.ts";
import { deriveAtBestScale } from "./gradient-scale.ts";
import { growTree } from "./grow-tree.ts";
import { HistogramPool } from "./histogram-pool.ts";
import { renewLeaves } from "./leaf-residuals.ts";
import { LossCurve } from "./loss-curve.ts";
import type { BoostingParams } from "./params.ts";
import { choose } from "./random.ts";
import { OP } from "./shard.ts";
import { type Examples, startTraining, type Training } from "./start-training.ts";
import { type Forest, finishTree, type Tree, zeroTree } from "./tree.ts";

/** A trained forest, and how it got there. */
export interface Boosted {
  forest: Forest;
  curves: readonly TrainingCurve[];
}

/** Progress is told about every so many cells (rows × columns) worked on, some 50 ms: no clock is read here. */
const CELLS_PER_UPDATE = 2e7;

/** Gradient boosting (Friedman 2001) with second-order leaf values: each round adds a tree per score, fitted to the loss's derivatives at the current scores. */
export async function boost(
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
