import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readCandidate } from "../candidate/candidate-directory.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { writeAside } from "../workspace/write-aside.ts";
import { readOutcome, type TrainingOutcome } from "./training-outcome.ts";

/** What became of a model's training, as it travels to the job that reports: without the model's bytes. */
export interface CandidateBundle {
  format: 1;
  model: string;
  outcome: TrainingOutcome;
  /** null when training gave no candidate; of an identical one it is the evidence. */
  candidate: { record: CandidateRecord; evaluation: Evaluation; verdict: Verdict } | null;
}

/** The one file of a bundle. */
export const bundleFile = "bundle.json";

/** Writes the bundle of a model's last training into `folder`; returns false when it was never trained here. */
export async function writeBundle(root: string, model: string, folder: string): Promise<boolean> {
  const outcome = await readOutcome(root, model);
  if (!outcome) return false;
  const bundle: CandidateBundle = { format: 1, model, outcome, candidate: await candidateOf(root, outcome) };
  await mkdir(folder, { recursive: true });
  await writeAside(join(folder, bundleFile), `${JSON.stringify(bundle)}\n`);
  return true;
}

/** Whether a bundle of this outcome has a candidate. */
export function givesCandidate(
  outcome: TrainingOutcome,
): outcome is Extract<TrainingOutcome, { id: unknown }> & { id: string } {
  return "id" in outcome && outcome.id !== null;
}

async function candidateOf(root: string, outcome: TrainingOutcome): Promise<CandidateBundle["candidate"]> {
  if (!givesCandidate(outcome)) return null;
  const { record, evaluation, verdict } = await readCandidate(root, outcome.id, root);
  return { record, evaluation, verdict };
}
