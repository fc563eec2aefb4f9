import type { Trainer } from "../trainer.ts";

/** Ridge regression or elastic net, or logistic regression for classification. Loads its code only when it trains. */
export const linear: Trainer = {
  name: "linear",
  version: 1,
  tasks: ["regression", "classification"],
  summary: "Ridge, elastic net or logistic regression: quick, smooth, and readable as a table of coefficients.",
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
      l1: {
        type: "number",
        minimum: 0,
        default: 0,
        description:
          "Strength of the penalty on absolute weights, which selects features: weights that matter little become 0. With scikit-learn's ElasticNet(alpha, l1_ratio) over n rows l2 = n·alpha·(1 - l1_ratio) and l1 = 2·n·alpha·l1_ratio; with LogisticRegression(C, l1_ratio) l2 = (1 - l1_ratio)/C and l1 = l1_ratio/C.",
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
