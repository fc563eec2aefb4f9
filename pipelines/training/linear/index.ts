import type { Trainer } from "../trainer.ts";

/** Ridge regression, or logistic regression for classification. Loads its code only when it trains. */
export const linear: Trainer = {
  name: "linear",
  version: 1,
  tasks: ["regression", "classification"],
  summary: "Ridge or logistic regression: quick, smooth, and readable as a table of coefficients.",
  paramsSchema: {
    type: "object",
    additionalProperties: false,
    properties: {
      l2: {
        type: "number",
        minimum: 0,
        default: 1,
        description:
          "Strength of the penalty on squared weights of standardised numbers and 0/1 categories: scikit-learn's Ridge(alpha=l2), LogisticRegression(C=1/l2). 0 is as good as none: 1e-9 (regression) or 1e-7 (classification) of the rows.",
      },
      max_categories: {
        type: "integer",
        minimum: 2,
        maximum: 5000,
        default: 500,
        description:
          "A category with more levels than this keeps its most frequent ones; the rest share one weight. Time grows with the cube of all levels.",
      },
    },
  },
  async train(input) {
    const { trainLinear } = await import("./train.ts");
    return trainLinear(input);
  },
};
