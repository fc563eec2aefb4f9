import type { FromSchema } from "json-schema-to-ts";
import { tasks } from "./metric-names.ts";
import type { ModelParts, TrainerSchema } from "./model-parts.ts";
import { cardSchema } from "./schema/card-schema.ts";
import { featuresSchema, featuresSchemaWith } from "./schema/features-schema.ts";
import { driftSchema, resourcesSchema, retrainSchema } from "./schema/operations-schema.ts";
import { promoteSchema } from "./schema/promote-schema.ts";
import { rollbackSchema } from "./schema/rollback-schema.ts";
import { searchSchema } from "./schema/search-schema.ts";
import { servingSchema } from "./schema/serving-schema.ts";
import { spaceSchema } from "./schema/space-schema.ts";
import { limitSchema, thresholdsSchema } from "./schema/thresholds-schema.ts";

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
