import type { FromSchema } from "json-schema-to-ts";
import { allMetricNames, tasks } from "./metric-names.ts";
import type { ModelParts, TrainerSchema } from "./model-config.ts";
import { cardSchema } from "./schema/card-schema.ts";
import { featuresSchema, featuresSchemaWith } from "./schema/features-schema.ts";
import { driftSchema, promoteSchema, resourcesSchema, retrainSchema } from "./schema/operations-schema.ts";
import { rollbackSchema } from "./schema/rollback-schema.ts";
import { servingSchema } from "./schema/serving-schema.ts";
import { spaceSchema } from "./schema/space-schema.ts";
import { limitSchema, thresholdsSchema } from "./schema/thresholds-schema.ts";

/** `search`: which params to try, and how. What the keys of `space` may be depends on the trainer. */
const searchSchema = {
  title: "a block of keys such as method and space",
  description: "Tries params on a part of the train split and trains the model with the best ones.",
  type: "object",
  additionalProperties: false,
  required: ["space"],
  properties: {
    method: {
      description:
        "grid tries every combination, random draws some, halving draws some and gives the better ones a growing budget.",
      enum: ["grid", "random", "halving"],
      default: "random",
      examples: ["halving"],
    },
    space: {
      title: "params and what to try, such as { max_leaves: [15, 31] }",
      description:
        "Params of the type, each with a list of values or a range. What is found replaces the key in params.",
      type: "object",
      minProperties: 1,
      maxProperties: 20,
      examples: [{ learning_rate: [0.05, 0.1], max_leaves: { min: 7, max: 63, scale: "log" } }],
    },
    trials: {
      description: "Combinations that random and halving draw; a grid has as many as it has.",
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 20,
      examples: [20],
    },
    metric: {
      description: "What a trial is judged by; thresholds.primary when left out.",
      enum: allMetricNames,
      examples: ["rmse"],
    },
    validation: {
      description:
        "Share of the train split that trials are scored on. The test split stays unseen: a winner chosen on it would pass the gate by luck.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 0.9,
      default: 0.2,
      examples: [0.2],
    },
    parallel: {
      description: "Trials that train side by side, each in a process of its own. The result does not depend on it.",
      type: "integer",
      minimum: 1,
      maximum: 64,
      default: 2,
      examples: [2],
    },
    eta: {
      description: "Halving keeps one in so many trials of a round, and gives the next round so many times the budget.",
      type: "integer",
      minimum: 2,
      maximum: 10,
      default: 3,
      examples: [3],
    },
    resource: {
      title: "rows, or a param that is a whole number, such as trees",
      description:
        "The budget of halving: rows of the train split, or a param such as trees, whose value in params is the last round's.",
      type: "string",
      maxLength: 100,
      default: "rows",
      examples: ["trees"],
    },
  },
  examples: [{ method: "random", space: { max_leaves: [15, 31, 63] }, trials: 3 }],
} as const;

/** The JSON Schema of model.yaml without what depends on the trainers; the one source of types, defaults and editor help. */
export const baseModelSchema = {
  title: "a block of keys such as name, task and features",
  description: "A model of mergeml: what it predicts, from which data, how it is trained and when it may ship.",
  type: "object",
  additionalProperties: false,
  required: ["name", "task", "type", "features", "thresholds"],
  properties: {
    name: {
      title: "lower-case letters, digits and dashes, such as flight-delay",
      description: "Equals the name of the model's folder.",
      type: "string",
      pattern: "^[a-z0-9][a-z0-9-]*$",
      maxLength: 64,
      examples: ["flight-delay"],
    },
    description: {
      title: "a text of at most 1000 characters",
      description: "What the model predicts, in a sentence.",
      type: "string",
      maxLength: 1000,
      default: "",
      examples: ["Minutes by which a flight will be late"],
    },
    owner: {
      title: 'a user or a team, such as "@octocat" or "@octo-org/ops"',
      description: "Who is mentioned when the model drifts. Quote it: YAML reserves the @ sign.",
      type: "string",
      pattern: "^@[A-Za-z0-9][A-Za-z0-9-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$",
      examples: ["@octo-org/ops"],
    },
    task: {
      description: "regression predicts a number, classification a class.",
      enum: tasks,
      examples: ["regression"],
    },
    type: {
      title: "the name of a trainer",
      description: "The trainer.",
      type: "string",
      maxLength: 100,
      examples: ["gradient-boosting"],
    },
    seed: {
      description: "Seed of everything random in the training. The split has a seed of its own.",
      type: "integer",
      minimum: 0,
      maximum: 4294967295,
      default: 0,
      examples: [42],
    },
    params: {
      title: "a block of params",
      description: "Params of the trainer; which ones there are depends on type.",
      type: "object",
      default: {},
      examples: [{}],
    },
    search: searchSchema,
    features: featuresSchema,
    thresholds: thresholdsSchema,
    drift: driftSchema,
    retrain: retrainSchema,
    rollback: rollbackSchema,
    promote: promoteSchema,
    serving: servingSchema,
    card: cardSchema,
    resources: resourcesSchema,
  },
} as const;

/** A model.yaml as people write it: what has a default may be left out. */
export type WrittenModelConfig = FromSchema<typeof baseModelSchema, { keepDefaultedPropertiesOptional: true }>;

/** A model.yaml with the schema's defaults filled in, not yet in the form of `ModelConfig`. */
export type FilledModelConfig = FromSchema<typeof baseModelSchema>;

/** A JSON Schema as data, ready to be published or compiled. */
export type SchemaDocument = Readonly<Record<string, unknown>>;

/**
 * The whole JSON Schema (2020-12) of model.yaml, with the parts there are, and `params` and `search.space` depending on `type`. Without `spaces` it
 * compiles in half the time; a rule looks at them when there is a search.
 */
export function modelSchema({ trainers, engines }: ModelParts, { spaces } = { spaces: true }): SchemaDocument {
  const { properties } = baseModelSchema;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...baseModelSchema,
    properties: {
      ...properties,
      type: typeSchema(properties.type, trainers),
      features: featuresSchemaWith(engines),
      thresholds: withSharedLimits(properties.thresholds),
    },
    allOf: trainers.map((trainer) => paramsRule(trainer, spaces)),
    $defs: { limit: limitSchema },
  };
}

function typeSchema(type: SchemaDocument, trainers: readonly TrainerSchema[]): SchemaDocument {
  const { title: _, ...rest } = type;
  const summaries = trainers.map((trainer) => `${trainer.name}: ${trainer.summary}`);
  return {
    ...rest,
    description: ["The trainer.", ...summaries].join("\n"),
    enum: trainers.map((trainer) => trainer.name),
    examples: trainers.slice(0, 1).map((trainer) => trainer.name),
  };
}

/** The limits of each metric are the same schema; written once, the whole compiles in half the time. */
function withSharedLimits(thresholds: typeof thresholdsSchema): SchemaDocument {
  const { first_deploy, always, ...properties } = thresholds.properties;
  const shared = Object.fromEntries(
    Object.entries(first_deploy.properties).map(([metric, { description }]) => [
      metric,
      { description, $ref: "#/$defs/limit", examples: limitSchema.examples },
    ]),
  );
  return {
    ...thresholds,
    properties: {
      ...properties,
      first_deploy: { ...first_deploy, properties: shared },
      always: { ...always, properties: shared },
    },
  };
}

function paramsRule(trainer: TrainerSchema, spaces: boolean): SchemaDocument {
  const search = { properties: { space: spaceSchema(trainer) } };
  return {
    if: { properties: { type: { const: trainer.name } }, required: ["type"] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nothing awaits a schema.
    then: { properties: { params: trainer.paramsSchema, ...(spaces && { search }) } },
  };
}
