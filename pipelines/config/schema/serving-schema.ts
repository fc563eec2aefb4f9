import { columnSchema } from "./checks-schema.ts";

const logSchema = {
  title: "a block of keys such as sample and redact",
  description: "What the server writes into the prediction log.",
  type: "object",
  additionalProperties: false,
  properties: {
    sample: {
      description:
        "The share of the rows that is logged. A key is logged always or never, so that what two versions said of a row is logged together.",
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 1,
      examples: [0.1],
    },
    redact: {
      title: "a list of columns",
      description:
        "Features and key columns that are logged as null. Drift does not compare them; without the key, labels cannot be joined.",
      type: "array",
      uniqueItems: true,
      items: columnSchema,
      default: [],
      examples: [["income"]],
    },
  },
  default: {},
  examples: [{ sample: 0.1, redact: ["income"] }],
} as const;

/** `serving`: how a server treats the model. It has no default as a whole, so that records of models without it stay what they were. */
export const servingSchema = {
  title: "a block such as { log: { sample: 0.1 } }",
  description: "How mergeml serve treats the model. A change here retrains nothing.",
  type: "object",
  additionalProperties: false,
  properties: { log: logSchema },
  examples: [{ log: { sample: 0.1, redact: ["income"] } }],
} as const;
