import type { Json } from "../../config/canonical-json.ts";
import type { ParamsSchema } from "../../config/model-config.ts";
import { ACTIVATIONS, type Activation } from "./network.ts";
import { BACKENDS, type Backend } from "./tensorflow.ts";

const OPTIMIZERS = ["adam", "sgd", "rmsprop"] as const;
const SCHEDULES = ["cosine", "constant"] as const;

export type OptimizerName = (typeof OPTIMIZERS)[number];

/** Params of a training, as the algorithm names them. */
export interface NetworkParams {
  /** Units of each hidden layer, from the inputs on. */
  hidden: readonly number[];
  activation: Activation;
  dropout: number;
  l2: number;
  batchSize: number;
  epochs: number;
  learningRate: number;
  schedule: (typeof SCHEDULES)[number];
  optimizer: OptimizerName;
  /** Epochs without improvement after which training stops; 0 for never. */
  earlyStopping: number;
  validationShare: number;
  balanced: boolean;
  maxCategories: number;
  backend: Backend | "auto";
}

/** Schema of `params` in model.yaml. */
export const paramsSchema: ParamsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    hidden: {
      description: "Units of each hidden layer. An empty list is a linear model.",
      type: "array",
      items: { type: "integer", minimum: 1, maximum: 8192 },
      maxItems: 16,
      default: [64, 64],
    },
    activation: {
      description: "What each hidden unit does to its sum.",
      enum: [...ACTIVATIONS],
      default: "relu",
    },
    dropout: {
      description: "Share of the hidden units that each step of training leaves out, drawn anew.",
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
    },
    l2: {
      description:
        "Penalty on squared weights, added to the mean loss (log loss, or half the squared error of the standardised target). Beyond 5,000 rows it shrinks as they grow.",
      type: "number",
      minimum: 0,
      default: 0.002,
    },
    batch_size: {
      description: "Rows per step. Small tables use fewer, so that an epoch has some 8 steps.",
      type: "integer",
      minimum: 1,
      maximum: 65536,
      default: 256,
    },
    epochs: {
      description: "How often training sees every row.",
      type: "integer",
      minimum: 1,
      maximum: 10000,
      default: 50,
    },
    learning_rate: {
      description: "Size of a step. Lower it when the loss jumps or training diverges.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 10,
      default: 0.005,
    },
    schedule: {
      description: "How the learning rate goes: down to 0 over all epochs (cosine), or constant.",
      enum: [...SCHEDULES],
      default: "cosine",
    },
    optimizer: { description: "The rule of a step.", enum: [...OPTIMIZERS], default: "adam" },
    early_stopping: {
      description:
        "Stop after so many epochs without improvement on the validation rows, and keep the best epoch's weights; 0 for never.",
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
    class_weight: {
      description: "balanced: every class has the same weight in the loss, however few rows it has.",
      enum: ["none", "balanced"],
      default: "none",
    },
    max_categories: {
      description:
        "A category becomes one input per level. One with more levels than this keeps its most frequent ones; the rest share one input.",
      type: "integer",
      minimum: 2,
      maximum: 10000,
      default: 200,
    },
    backend: {
      description:
        "What computes. auto: tfjs-node when it is installed (fast, but its threads make training irreproducible), else wasm, else cpu.",
      enum: ["auto", ...BACKENDS],
      default: "auto",
    },
  },
};

/** Reads params that were checked against the schema. */
export function readParams(params: Readonly<Record<string, Json>>): NetworkParams {
  const read = <T>(name: string) => params[name] as T;
  return {
    hidden: read("hidden"),
    activation: read("activation"),
    dropout: read("dropout"),
    l2: read("l2"),
    batchSize: read("batch_size"),
    epochs: read("epochs"),
    learningRate: read("learning_rate"),
    schedule: read("schedule"),
    optimizer: read("optimizer"),
    earlyStopping: read("early_stopping"),
    validationShare: read("validation_share"),
    balanced: params.class_weight === "balanced",
    maxCategories: read("max_categories"),
    backend: read("backend"),
  };
}
