import type { FromSchema } from "json-schema-to-ts";
import type { SchemaDocument } from "../../config/model-schema.ts";
import { baseModelSchema } from "../../config/model-schema.ts";
import { checkSchema, columnSchema } from "../../config/schema/checks-schema.ts";
import { ttlSchema } from "../../config/schema/features-schema.ts";

/** The JSON Schema of `features/<name>.yaml`. */
export const viewSchema = {
  title: "a block of keys such as key, time and constraints",
  description: "A feature view of mergeml: features of an entity that many models use.",
  type: "object",
  additionalProperties: false,
  required: ["key"],
  properties: {
    description: {
      title: "a text of at most 1000 characters",
      description: "What the view tells, in a sentence.",
      type: "string",
      maxLength: 1000,
      default: "",
      examples: ["What we know of a customer, a row each day"],
    },
    owner: { ...baseModelSchema.properties.owner, description: "Who answers for the view. Quote it." },
    key: {
      title: "a column name or a list of column names",
      description: "The columns that identify the entity. With time they identify a row; never null.",
      type: ["string", "array"],
      minLength: 1,
      maxLength: 255,
      items: columnSchema,
      minItems: 1,
      maxItems: 32,
      uniqueItems: true,
      examples: ["customer_id", ["shop", "product"]],
    },
    time: {
      ...columnSchema,
      description:
        "The column that says since when a row is known, UTC. Without it the view has one row an entity, which counts at all times.",
      examples: ["updated_at"],
    },
    ttl: { ...ttlSchema, description: `${ttlSchema.description} Older ones count as missing; all count without it.` },
    columns: {
      title: "a block such as { age: Age in years }",
      description: "The features and what each is, in the order in which a join by features.entities gives them.",
      type: "object",
      minProperties: 1,
      maxProperties: 1000,
      additionalProperties: { title: "a text of at most 1000 characters", type: "string", maxLength: 1000 },
      examples: [{ age: "Age in years" }],
    },
    constraints: {
      title: "a list of checks",
      description:
        "Rules about the view's rows, as features.checks of a model; checked wherever a model uses the view.",
      type: "array",
      maxItems: 500,
      items: checkSchema,
      default: [],
      examples: [[{ column: "age", between: [0, 120] }]],
    },
  },
  examples: [{ key: "customer_id", time: "updated_at" }],
} as const;

/** The same as editors get it. */
export const viewSchemaDocument: SchemaDocument = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...viewSchema,
};

/** A view's YAML with the defaults filled in. */
export type FilledView = FromSchema<typeof viewSchema>;
