import { sha256 } from "../config/canonical-json.ts";
import { UserError } from "../errors/expected-error.ts";
import { checkParity, type Parity } from "./onnx/parity.ts";
import type { ModelSignature } from "./onnx/session.ts";
import type { TrainedModel, Trainer, TrainingInput } from "./trainer.ts";

/** A model whose file is known to predict what was trained; `sha256` is that of `model.onnx`. */
export interface ProvenModel {
  model: TrainedModel;
  sha256: string;
  parity: Parity;
}

/** Trains, then compares the ONNX file with the trainer's own predictions. Throws UserError for a task the trainer lacks, Error when they differ. */
export async function trainModel(
  input: TrainingInput & { trainer: Trainer; signature: ModelSignature },
): Promise<ProvenModel> {
  const { trainer, signature, ...training } = input;
  if (!trainer.tasks.includes(input.task)) {
    throw new UserError({
      message: `\`type: ${trainer.name}\` does ${trainer.tasks.join(" and ")}, not ${input.task}.`,
      key: "type",
    });
  }
  const model = await trainer.train(training);
  const parity = model.parity ?? (await checkParity(model, input.table.features, signature));
  return { model, sha256: sha256(model.onnx), parity };
}
