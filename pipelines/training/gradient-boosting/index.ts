import type { Trainer } from "../trainer.ts";
import { MOST_ROWS } from "./histogram.ts";
import { paramsSchema } from "./params.ts";

/** Gradient-boosted histogram trees: the first choice for tables. */
export const gradientBoosting: Trainer = {
  name: "gradient-boosting",
  version: 3,
  mostRows: MOST_ROWS,
  tasks: ["regression", "classification"],
  summary:
    "Gradient-boosted trees on binned features; handles missing values and categories. The first choice for tables.",
  shorter:
    "fewer params.trees with a larger params.learning_rate, a smaller params.max_leaves, a params.subsample below 1, or fewer rows",
  paramsSchema,
  async train(input) {
    const { trainForest } = await import("./train.ts");
    return trainForest(input);
  },
};
