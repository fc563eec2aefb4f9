import type { Json } from "../canonical-json.ts";
import type { TrainerSchema } from "../model-config.ts";
import type { SchemaDocument } from "../model-schema.ts";

type ParamSchema = TrainerSchema["paramsSchema"]["properties"][string];

/** Most values of one list: a grid of two such lists is at its limit. */
const mostValues = 100;

/** The schema of `search.space` for one trainer: lists of values and ranges that its params allow. */
export function spaceSchema({ paramsSchema }: Pick<TrainerSchema, "paramsSchema">): SchemaDocument {
  const params = Object.entries(paramsSchema.properties);
  const blocks = params.filter(([, param]) => hasFreeNumbers(param));
  return {
    additionalProperties: false,
    properties: Object.fromEntries(params.map(([name, param]) => [name, choicesOf(param)])),
    ...(blocks.length > 0 && { patternProperties: Object.fromEntries(blocks.map(entriesOf)) }),
  };
}

/** What may be searched for one entry of a block of free names, such as `options.depth`. */
function entriesOf([name, { additionalProperties, description }]: [string, ParamSchema]): [string, SchemaDocument] {
  const range = choicesOf({ type: "number", description: description ?? "" });
  return [`^${name}\\.[A-Za-z_][A-Za-z0-9_]{0,49}$`, { ...range, items: additionalProperties as SchemaDocument }];
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

/** Whether a param is a block of free names, whose values may be numbers. */
function hasFreeNumbers({ additionalProperties: values }: ParamSchema): boolean {
  if (!values || typeof values !== "object" || !("type" in values)) return false;
  return Array.isArray(values.type) && values.type.includes("number");
}

/** Whether a param can have a range. */
function isNumeric({ type }: ParamSchema): boolean {
  return type === "number" || type === "integer";
}

function examplesOf({ default: preset, examples }: ParamSchema): Json {
  return examples ?? (preset === undefined ? [] : [preset]);
}
