import type { Json } from "../canonical-json.ts";
import type { SchemaDocument } from "../model-schema.ts";
import type { TrainerSchema } from "../trainer-schema.ts";

type ParamSchema = TrainerSchema["paramsSchema"]["properties"][string];

/** Most values of one list: a grid of two such lists is at its limit. */
const mostValues = 100;

/** The schema of `search.space` for one trainer: lists of values and ranges that its params allow. */
export function spaceSchema({ paramsSchema }: Pick<TrainerSchema, "paramsSchema">): SchemaDocument {
  const properties = Object.entries(paramsSchema.properties).map(([name, param]) => [name, choicesOf(param)]);
  return { additionalProperties: false, properties: Object.fromEntries(properties) };
}

function choicesOf(param: ParamSchema): SchemaDocument {
  const { default: _, examples: __, ...value } = param;
  const list = { items: value, minItems: 1, maxItems: mostValues, uniqueItems: true };
  const { description } = param;
  if (!isNumeric(param)) return { title: "a list of values", description, type: "array", ...list };
  return {
    title: "a list of values or a range such as { min: 1, max: 8 }",
    description,
    type: ["array", "object"],
    ...list,
    additionalProperties: false,
    required: ["min", "max"],
    properties: {
      min: { ...value, examples: examplesOf(param) },
      max: { ...value, examples: examplesOf(param) },
      scale: {
        description: "log draws as many values between 1 and 10 as between 10 and 100.",
        enum: ["linear", "log"],
        default: "linear",
      },
      integer: { description: "Draw whole numbers; always so for params that are whole numbers.", type: "boolean" },
    },
  };
}

/** Whether a param can have a range. */
function isNumeric({ type }: ParamSchema): boolean {
  return type === "number" || type === "integer";
}

function examplesOf({ default: preset, examples }: ParamSchema): Json {
  return examples ?? (preset === undefined ? [] : [preset]);
}
