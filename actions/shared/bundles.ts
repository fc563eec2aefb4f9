import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { type Problem, UserError } from "../../pipelines/errors/expected-error.ts";
import { writeCandidateFiles } from "../../pipelines/handover/candidate-files.ts";
import { planSchema } from "../../pipelines/handover/plan-handover.ts";
import { readChecked, readOutcome, writeBundle } from "../../pipelines/handover/training-outcome.ts";
import { type DeployVerdict, verdictSchema } from "../../pipelines/handover/verdict-handover.ts";
import type { PlanEntry } from "../../pipelines/plan.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";
import type { Action } from "./action.ts";
import { downloadArtifacts, uploadFolder } from "./github/artifact.ts";

/** What the plan job tells the report: which models it will hear of, and what is wrong with configs. */
export interface PlanBundle {
  format: 1;
  pullRequest: number | null;
  headSha: string;
  /** The commit that was planned: in a pull request, its merge with the base branch. */
  commit: string;
  entries: readonly PlanEntry[];
  problems: readonly Problem[];
}

/** Artifacts that the report reads begin with this; the models themselves go by another name. */
export const artifactPrefix = "mergeml-report-";
export const planArtifact = `${artifactPrefix}plan`;
export const planFile = "plan.json";

/** Reads a plan that may come from anybody, out of the folder of its artifact. Throws UserError that says what is wrong with it. */
export async function readPlan(folder: string): Promise<PlanBundle> {
  const plan = (await readChecked(join(folder, planFile), planSchema)) as PlanBundle;
  const names = plan.entries.map(({ model }) => model);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice === undefined) return plan;
  throw new UserError({ message: `the plan names ${twice} twice`, hint: "run the workflow again" });
}

/** Uploads the plan as an artifact of this run. */
export async function uploadPlan(
  action: Action,
  plan: Pick<PlanBundle, "entries" | "problems">,
  commit: string,
): Promise<void> {
  const { pullRequest, sha } = await action.context();
  const bundle: PlanBundle = {
    format: 1,
    pullRequest: pullRequest?.number ?? null,
    headSha: pullRequest?.headSha ?? sha,
    commit,
    ...plan,
  };
  const folder = await mkdtemp(join(tmpdir(), "mergeml-plan-"));
  try {
    await writeAside(join(folder, planFile), `${JSON.stringify(bundle)}\n`);
    await uploadFolder({ name: planArtifact, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const prefix = "mergeml-verdict-";
const file = "verdicts.json";

/** Uploads what the gate of a deploying job said, for the job that tells people. */
export async function uploadVerdicts(verdicts: readonly DeployVerdict[]): Promise<void> {
  const [first] = verdicts;
  if (first === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), "mergeml-verdict-"));
  try {
    const told = verdicts.map((each) => ({ ...each, summary: each.summary.slice(0, 4_000).toWellFormed() }));
    await writeAside(join(folder, file), `${JSON.stringify({ format: 1, verdicts: told })}\n`);
    await uploadFolder({ name: `${prefix}${first.model}`, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The verdicts of all jobs of this run by model. They inform people, and decide nothing: the registry says what is deployed. */
export async function downloadVerdicts(action: Action): Promise<Map<string, DeployVerdict>> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-verdicts-"));
  const found = new Map<string, DeployVerdict>();
  try {
    for (const each of await downloadArtifacts(await action.context(), { prefix, folder })) {
      const { verdicts } = (await readChecked(join(each.folder, file), verdictSchema)) as { verdicts: DeployVerdict[] };
      for (const verdict of verdicts) found.set(verdict.model, verdict);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    action.log.warn(`what the gate said is not known: ${error.message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return found;
}

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
