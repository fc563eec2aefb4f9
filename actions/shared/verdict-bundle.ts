import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { readChecked } from "../../pipelines/handover/training-outcome.ts";
import { type DeployVerdict, verdictSchema } from "../../pipelines/handover/verdict-handover.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";
import type { Action } from "./action.ts";
import { downloadArtifacts, uploadFolder } from "./github/artifact.ts";

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
