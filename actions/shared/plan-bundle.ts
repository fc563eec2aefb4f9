import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Problem, UserError } from "../../pipelines/errors/user-error.ts";
import { planSchema } from "../../pipelines/handover/plan-handover.ts";
import { readChecked } from "../../pipelines/handover/training-outcome.ts";
import type { PlanEntry } from "../../pipelines/plan.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";
import type { Action } from "./action.ts";
import { uploadFolder } from "./github/artifact.ts";

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
