import type { Json } from "../../config/canonical-json.ts";
import type { ParamsSchema } from "../../config/model-config.ts";

/** Params of a training, as the algorithm names them. */
export interface BoostingParams {
  trees: number;
  learningRate: number;
  maxLeaves: number;
  /** 0 for no limit. */
  maxDepth: number;
  minRows: number;
  l2: number;
  l1: number;
  maxBins: number;
  subsample: number;
  columnsPerTree: number;
  /** Rounds without improvement after which training stops; 0 for never. */
  earlyStopping: number;
  validationShare: number;
  smoothing: number;
  /** Every class counts the same, however few rows it has. */
  balanced: boolean;
  /** By name of a feature. */
  monotone: Readonly<Record<string, "increasing" | "decreasing">>;
  /** Of a regression. */
  loss: "squared" | "absolute" | "huber" | "quantile" | "poisson";
  /** 0 for one that suits the target. */
  huberDelta: number;
  quantile: number;
}

/** Schema of `params` in model.yaml. */
export const paramsSchema: ParamsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    trees: {
      description: "Boosting rounds; with more than two classes, each grows a tree per class.",
      type: "integer",
      minimum: 1,
      maximum: 10000,
      default: 100,
    },
    learning_rate: {
      description: "How much of each tree is added. Halving it needs about twice the trees.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.1,
    },
    max_leaves: { description: "Leaves per tree.", type: "integer", minimum: 2, maximum: 4096, default: 31 },
    max_depth: { description: "Splits from root to leaf; 0 for no limit.", type: "integer", minimum: 0, default: 0 },
    min_rows_per_leaf: {
      description: "Leaves hold at least so many rows. Categories with fewer rows are treated as one.",
      type: "integer",
      minimum: 1,
      default: 20,
    },
    l2: { description: "L2 penalty on leaf values.", type: "number", minimum: 0, default: 0 },
    l1: { description: "L1 penalty on leaf values.", type: "number", minimum: 0, default: 0 },
    max_bins: {
      description: "Bins per feature; missing values have one more.",
      type: "integer",
      minimum: 2,
      maximum: 255,
      default: 255,
    },
    subsample: {
      description: "Share of the rows that each round learns from, drawn anew.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
    },
    columns_per_tree: {
      description: "Share of the features that each tree may use, drawn anew.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
    },
    early_stopping: {
      description: "Stop after so many rounds without improvement on the validation rows; 0 for never.",
      type: "integer",
      minimum: 0,
      default: 0,
    },
    validation_share: {
      description: "Share of the training rows that early stopping keeps for validation.",
      type: "number",
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.1,
    },
    categories_smoothing: {
      description:
        "Rows of the overall mean that are mixed into each category's mean before categories are ordered by it.",
      type: "number",
      minimum: 0,
      default: 10,
    },
    loss: {
      description:
        "What a regression minimises: squared predicts the mean, absolute the median, quantile that quantile; huber is squared but for outliers; poisson suits counts and is never negative.",
      enum: ["squared", "absolute", "huber", "quantile", "poisson"],
      default: "squared",
    },
    huber_delta: {
      description:
        "huber: errors beyond this count as outliers. 0 takes what a tenth of the targets exceeds in distance from their median.",
      type: "number",
      minimum: 0,
      default: 0,
    },
    quantile: {
      description: "quantile: which one to predict, e.g. 0.9 for a value that nine tenths lie below.",
      type: "number",
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.5,
    },
    monotone: {
      description:
        "Columns of numbers with which the prediction may only rise or only fall, e.g. {carat: increasing}; of a classifier the second class's probability.",
      type: "object",
      additionalProperties: { enum: ["increasing", "decreasing"] },
      default: {},
    },
    class_weight: {
      description: "balanced: every class has the same weight in the loss, however few rows it has.",
      enum: ["none", "balanced"],
      default: "none",
    },
  },
};

/** Reads params that were checked against the schema. */
export function readParams(params: Readonly<Record<string, Json>>): BoostingParams {
  const number = (name: string) => params[name] as number;
  return {
    trees: number("trees"),
    learningRate: number("learning_rate"),
    maxLeaves: number("max_leaves"),
    maxDepth: number("max_depth"),
    minRows: number("min_rows_per_leaf"),
    l2: number("l2"),
    l1: number("l1"),
    maxBins: number("max_bins"),
    subsample: number("subsample"),
    columnsPerTree: number("columns_per_tree"),
    earlyStopping: number("early_stopping"),
    validationShare: number("validation_share"),
    smoothing: number("categories_smoothing"),
    loss: params.loss as BoostingParams["loss"],
    huberDelta: number("huber_delta"),
    quantile: number("quantile"),
    monotone: params.monotone as BoostingParams["monotone"],
    balanced: params.class_weight === "balanced",
  };
}
