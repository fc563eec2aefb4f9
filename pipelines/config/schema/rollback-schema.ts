const share = {
  title: "a share below 100%, such as 5%, or the number 0.05",
  type: ["number", "string"],
  minimum: 0,
  exclusiveMaximum: 1,
  pattern: "^[0-9]{1,2}(\\.[0-9]{1,6})?%$",
} as const;

const whenSchema = {
  title: "conditions such as { error_rate: 5% }",
  description:
    "What takes the version in production back, each by itself. Without any, nothing is taken back automatically.",
  type: "object",
  additionalProperties: false,
  properties: {
    error_rate: {
      ...share,
      description:
        "More than this share of the logged requests failed: the prediction log has a text in their column error.",
      examples: ["5%", 0.05],
    },
    outside_reference: {
      ...share,
      description:
        "More than this share of the predictions, or of the class probabilities, is NaN, infinite or beyond the least and the greatest on the test split.",
      examples: ["20%", 0.2],
    },
    worse_than_previous: {
      description:
        "The primary metric on labelled rows is worse, beyond noise, than that of the version before on the same rows.",
      type: "boolean",
      default: false,
      examples: [true],
    },
  },
  default: {},
  examples: [{ error_rate: "5%", outside_reference: "20%", worse_than_previous: true }],
} as const;

/** `rollback`: when the last promotion is taken back without a person. */
export const rollbackSchema = {
  title: "a block of keys such as when and min_rows",
  description: "When the last promotion of the model is taken back without a person.",
  type: "object",
  additionalProperties: false,
  properties: {
    when: whenSchema,
    min_rows: {
      description: "With fewer rows since the promotion nothing is taken back; drift.min_rows by default.",
      type: "integer",
      minimum: 1,
      examples: [200],
    },
  },
  default: {},
  examples: [{ when: { error_rate: "5%" } }],
} as const;
