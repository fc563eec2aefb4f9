import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { writeCandidateFiles } from "../../pipelines/handover/candidate-files.ts";
import { readOutcome, writeBundle } from "../../pipelines/handover/training-outcome.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { uploadFolder } from "./github/artifact.ts";
import { artifactPrefix } from "./plan-bundle.ts";

/** Name of the artifact that tells the report what became of a model's training. */
export function trainingArtifact(model: string): string {
  return `${artifactPrefix}model-${model}`;
}

/** Uploads what became of a model's last training for the report and, for people, the whole candidate with its model.onnx. */
export async function uploadTraining(root: string, model: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-training-"));
  try {
    const [told, whole] = [join(folder, "told"), join(folder, "whole")];
    if (!(await writeBundle(root, model, told))) return;
    await uploadFolder({ name: trainingArtifact(model), folder: told });
    const outcome = await readOutcome(root, model);
    if (outcome?.state !== "candidate") return;
    const { directory } = await readCandidate(root, outcome.id, root);
    await cp(directory, whole, { recursive: true });
    await uploadFolder({ name: `mergeml-candidate-${model}`, folder: whole });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const handoverPrefix = "mergeml-handover-";

/** Name of the artifact with all that registering a model's candidate takes, its rows included. */
export function handoverArtifact(model: string): string {
  return `${handoverPrefix}${model}`;
}

/** Uploads a model's last training for the job that registers it. */
export async function handOver(workspace: Workspace, model: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-handover-"));
  try {
    if (!(await writeCandidateFiles(workspace, model, folder))) return;
    await uploadFolder({ name: handoverArtifact(model), folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
