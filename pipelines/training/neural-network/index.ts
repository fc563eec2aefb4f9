import type { Trainer } from "../trainer.ts";
import { paramsSchema } from "./params.ts";

/** A network of dense layers on standardised numbers and one-hot categories. Loads TensorFlow.js only when it trains. */
export const neuralNetwork: Trainer = {
  name: "neural-network",
  version: 3,
  tasks: ["regression", "classification"],
  summary: "Dense layers trained with TensorFlow.js: smooth functions of many numbers, given enough rows.",
  shorter: "fewer params.epochs, a larger params.batch_size, smaller params.hidden, or fewer rows",
  paramsSchema,
  async train(input) {
    const { trainNetwork } = await import("./train.ts");
    return trainNetwork(input);
  },
};
