/** Inclusive bounds on a number. `title` is what an error says was expected. */
export const boundsSchema = {
  title: "bounds such as { min: 0, max: 100 }",
  description: "Inclusive bounds; give min, max or both.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    min: { description: "The smallest value allowed.", type: "number", examples: [0] },
    max: { description: "The largest value allowed.", type: "number", examples: [100] },
  },
  examples: [{ min: 0, max: 100 }],
} as const;

/** Inclusive bounds on a count. */
export const countBoundsSchema = {
  title: "bounds on a count, such as { min: 1000 }",
  description: "Inclusive bounds on a count; give min, max or both.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    min: { description: "The smallest count allowed.", type: "integer", minimum: 0, examples: [1000] },
    max: { description: "The largest count allowed.", type: "integer", minimum: 0, examples: [400] },
  },
  examples: [{ min: 1000 }],
} as const;
