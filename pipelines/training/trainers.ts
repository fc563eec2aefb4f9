import { UserError } from "../errors/expected-error.ts";
import { command } from "./command/index.ts";
import { gradientBoosting } from "./gradient-boosting/index.ts";
import { linear } from "./linear/index.ts";
import { neuralNetwork } from "./neural-network/index.ts";
import type { Trainer } from "./trainer.ts";

/** All trainers, by the `type` in model.yaml. A new one is a folder and a line here. */
export const trainers: readonly Trainer[] = [linear, gradientBoosting, neuralNetwork, command];

/** Throws UserError with the names there are. */
export function findTrainer(name: string): Trainer {
  const trainer = trainers.find((each) => each.name === name);
  if (trainer) return trainer;
  const names = trainers.map((each) => each.name).join(", ");
  throw new UserError({ message: `There is no trainer \`${name}\`.`, hint: `type is one of: ${names}.`, key: "type" });
}
