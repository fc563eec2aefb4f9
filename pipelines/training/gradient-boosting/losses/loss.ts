/** Rows of one shard, as the loss sees them. Scores and probabilities are [outputs × rows], one output after the other. */
export interface LossRows {
  rows: number;
  /** Regression: the value; classification: the class's index. */
  targets: Float64Array;
  scores: Float64Array;
  /** Written by `observe`, read by `derivatives`; empty for a loss that needs none. */
  probabilities: Float64Array;
}

/** What is known before the first tree. */
interface LossStart {
  /** Score of every row before the first tree, by output. */
  base: readonly number[];
  /** No row's first gradient is larger than this in absolute value. */
  largestGradient: number;
  /** Nor is any second derivative ever larger than this; 1 unless it is told. */
  largestHessian?: number;
  /** Bound of one row's loss for as long as training does not diverge. */
  largestLoss: number;
}

/** A loss of a score and a target, and how its derivatives are used. */
export interface Loss {
  /** Name of the training curve. */
  readonly metric: string;
  /** Scores per row: 1, or one per class. */
  readonly outputs: number;
  /** The second derivative is 1 everywhere, or taken to be, so that a row count is all that is needed of it. */
  readonly unitHessian: boolean;
  /** `weights` by class, of a classifier whose classes are weighted. */
  start(targets: Float64Array, weights?: readonly number[]): LossStart;
  /** Writes the losses of the rows from..to to losses[0..], and the probabilities if the loss has such; called before `derivatives`. */
  observe(rows: LossRows, from: number, to: number, losses: Float64Array): void;
  /** Writes first and second derivatives by the score of `output` of the rows from..to; `hessians` is left alone when it is 1 everywhere. */
  derivatives(
    rows: LossRows,
    output: number,
    from: number,
    to: number,
    gradients: Float64Array,
    hessians: Float64Array,
  ): void;
  /** Set when the score is the logarithm of what is predicted. */
  readonly link?: "log";
  /** A leaf's value, given the residuals (target − score) of its rows, ascending; else it is the Newton step. */
  leafOf?(residuals: Float64Array): number;
  /** A leaf's value, given its Newton step, which it rises with; else it is that step. */
  leafStep?(newton: number): number;
  /** The metric of a mean loss. */
  report(meanLoss: number): number;
  /** Mean square of the gradient per unit of hessian where the mean loss is this: the noise in a node's gain. */
  noise(meanLoss: number): number;
}

/** Names a loss in a message to a thread, where functions cannot go. */
export type LossSpec =
  | { name: "squared" | "absolute" }
  | { name: "huber"; delta: number }
  | { name: "quantile"; quantile: number }
  | { name: "poisson"; limit: number }
  | ClassLossSpec;

/** Of a classifier; without `weights`, by class, all rows count the same. */
export type ClassLossSpec = ({ name: "logistic" } | { name: "softmax"; classes: number }) & {
  weights?: readonly number[];
};
