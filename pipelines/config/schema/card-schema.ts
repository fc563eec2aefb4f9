const words = { type: "string", minLength: 1, maxLength: 2000 } as const;

/** `card`: what only a person can say of a model. It has no default, so that records of models without it stay what they were. */
export const cardSchema = {
  title: "a block such as { intended_use: … }",
  description:
    "What only a person can say of the model, for its card, bill of materials and dossier. A change here retrains nothing.",
  type: "object",
  additionalProperties: false,
  properties: {
    intended_use: {
      ...words,
      title: "a sentence",
      description: "What the model is for, and who uses it for what.",
      examples: ["Staff see how late a flight will probably be; they decide themselves whom to tell."],
    },
    not_for: {
      ...words,
      title: "a sentence",
      description: "What it must not be used for.",
      examples: ["Not for compensation claims."],
    },
    limits: {
      title: "a list of sentences",
      description: "Where it is known to be weak, beyond what the numbers say.",
      type: "array",
      maxItems: 20,
      items: { ...words, title: "a sentence" },
      default: [],
      examples: [["Snow closures have been seen once."]],
    },
    data_licence: {
      ...words,
      title: "a licence",
      description: "Under which terms the data are used.",
      examples: ["CC-BY-4.0"],
    },
  },
  examples: [
    { intended_use: "Staff see how late a flight will probably be.", limits: ["Snow closures have been seen once."] },
  ],
} as const;
