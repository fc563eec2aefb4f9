import { readAllObjects } from "../../pipelines/registry/git/objects.ts";
import { versionFolder } from "../../pipelines/registry/paths.ts";
import type { RegisterResult } from "../../pipelines/registry/registry.ts";
import { verdictBundleFile } from "../../pipelines/trust/statement.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { approvingReviews, environmentApprovals } from "../shared/github/approvals.ts";
import { postAttestation } from "../shared/github/attestation.ts";

/** Who approved, for the statement that is signed; looked up only where something is. What GitHub does not tell is left out. */
export async function approversOf(
  action: Action,
  workspace: Workspace,
  pullRequest: number | null,
): Promise<readonly string[]> {
  if ((await workspace.trust.policy()) === null) return [];
  const run = Number(action.env.GITHUB_RUN_ID) || null;
  const github = await action.github();
  return [
    ...(pullRequest === null ? [] : await orTold(action, () => approvingReviews(github, pullRequest))),
    ...(run === null ? [] : await orTold(action, () => environmentApprovals(github, run))),
  ];
}

async function orTold({ log }: Action, ask: () => Promise<string[]>): Promise<string[]> {
  try {
    return await ask();
  } catch (error) {
    log.warn(
      `not all who approved can be looked up, so the signed promotion leaves them out: ${(error as Error).message}`,
    );
    return [];
  }
}

/** Gives GitHub the signed verdict of a version that was registered now, too. The branch has it already, so a failure is told, not thrown. */
export async function attest(
  action: Action,
  { git }: Workspace,
  { record, registerCommit }: RegisterResult,
): Promise<void> {
  if (registerCommit === null) return;
  const name = `${registerCommit}:${versionFolder(record.model, record.version)}/${verdictBundleFile}`;
  const [bundle] = await readAllObjects(git, [name]);
  if (!bundle || !isByIdentity(bundle.content)) return;
  try {
    await postAttestation(await action.github(), bundle.content);
    action.log.info(`  ${record.model}@${record.version} is an artifact attestation of this repository, too`);
  } catch (error) {
    action.log.warn(
      `GitHub did not take the signed verdict of ${record.model}@${record.version} as an attestation (the job needs attestations: write): ${(error as Error).message}`,
    );
  }
}

/** A key's signature says nothing to GitHub. */
function isByIdentity(bundle: Uint8Array): boolean {
  const { verificationMaterial } = JSON.parse(Buffer.from(bundle).toString("utf8")) as {
    verificationMaterial: { certificate?: unknown };
  };
  return verificationMaterial.certificate !== undefined;
}
