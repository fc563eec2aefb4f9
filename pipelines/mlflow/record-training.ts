import type { Log } from "../ports/log.ts";
import type { Trained } from "./candidate-run.ts";
import type { MlflowMirror } from "./mirror.ts";
import { neverFail } from "./never-fail.ts";

/** Adds the run of a candidate that is not registered, kept or lost, to the MLflow server if there is one; never fails. */
export async function recordTraining(
  { mlflow, log }: { mlflow: MlflowMirror | null; log: Log },
  trained: Trained,
): Promise<void> {
  if (!mlflow) return;
  const { name } = trained.candidate.config;
  await neverFail(log, `mergeml mlflow sync ${name}`, (signal) =>
    log.step(
      "mlflow",
      () => mlflow.addRun(trained, signal),
      () => `run ${trained.candidate.id.slice(0, 14)} added`,
    ),
  );
}
