import { buildCandidate } from "./build-candidate.ts";
import { writeCandidate } from "./candidate/candidate-directory.ts";
import type { BuildResult, Candidate } from "./candidate/train-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { keepOutcome } from "./handover/training-outcome.ts";
import { recordTraining } from "./mlflow/mirror.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { logFailure } from "./run-log/run-log.ts";
import type { RunEvent } from "./run-log/run-record.ts";
import { readModel, type Workspace } from "./workspace/workspace.ts";

/** How a training ended; where there is a candidate, `directory` is where it lies. */
export type TrainingResult =
  | (Extract<BuildResult, { candidate: Candidate }> & { directory: string })
  | Exclude<BuildResult, { candidate: Candidate }>;

export interface TrainOptions {
  /** What the run log calls it. */
  event: Extract<RunEvent, "train" | "run">;
  /** The model and the registry as the caller has read them; else they are read. */
  model?: LoadedModel;
  snapshot?: Snapshot;
  /** Train though production has the same inputs. */
  evenIfUnchanged?: boolean;
  /** Off where the run log is not to be written, such as in a job that runs a stranger's code. */
  logRuns?: boolean;
  /** A candidate that passes the gate is registered next, which tells of it with its version. */
  registers?: boolean;
  /** Done first, with the model as it was read. */
  before?: (workspace: Workspace, model: LoadedModel) => Promise<void>;
}

/**
 * Trains a model and tells everybody who wants to know, the same whoever asked for it: what became of it is kept for the report,
 * a candidate is written, and the run log and MLflow get a run, one that failed included. Errors go on to the caller.
 */
export async function runTraining(workspace: Workspace, name: string, options: TrainOptions): Promise<TrainingResult> {
  const { event, evenIfUnchanged, logRuns = true } = options;
  const built = await keepOutcome(workspace, name, async (followed) => {
    const model = options.model ?? (await readModel(followed, name));
    await options.before?.(followed, model);
    const snapshot = options.snapshot ?? (await followed.registry.snapshot({ fetch: true }));
    const build = () => buildCandidate(followed, model, snapshot, { evenIfUnchanged });
    return logRuns ? logFailure(followed.runs, model, event, build) : build();
  });
  if (!("candidate" in built)) return built;
  const { candidate } = built;
  const directory = await writeCandidate(workspace.root, candidate);
  const isRegistered = options.registers && built.state === "judged" && candidate.verdict.outcome === "pass";
  if (!isRegistered) await tellTraining(workspace, candidate, { event, logRuns });
  return { ...built, directory };
}

/** Tells MLflow and the run log of a candidate that is not registered yet. Never fails: a lost log is no reason to lose a training. */
export async function tellTraining(
  workspace: Workspace,
  candidate: Candidate,
  { event, logRuns }: { event: RunEvent; logRuns: boolean },
): Promise<void> {
  const trained = { ...candidate, candidate: candidate.record };
  await recordTraining(workspace, trained);
  if (logRuns) await workspace.runs.add(trained, { event, version: null });
}
