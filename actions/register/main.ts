import { readCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { judgeAfterTries } from "../../pipelines/candidate/judge-candidate.ts";
import { firstEnvironment, registerCandidate } from "../../pipelines/deploy.ts";
import { readAllObjects } from "../../pipelines/registry/git/objects.ts";
import type { RegisterResult } from "../../pipelines/registry/registry.ts";
import { verdictBundleFile } from "../../pipelines/registry/trust/verdict-statement.ts";
import { versionFolder } from "../../pipelines/registry/version-record.ts";
import { tellPassingStore } from "../../pipelines/workspace/passing-store.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Action, runAction } from "../shared/action.ts";
import { approvingReviews, environmentApprovals } from "../shared/github/approvals.ts";
import { postAttestation } from "../shared/github/attestation.ts";
import { compareWithJudged, openJudgedBefore } from "../shared/judged-before.ts";
import { triedBefore } from "../shared/report-comment.ts";
import { supersededBy } from "../shared/superseded.ts";

async function register(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const judgedBefore = openJudgedBefore(action, workspace);
  const named: ({ model: string } & Awaited<ReturnType<typeof registerCandidate>>)[] = [];
  for (const model of action.list("models")) {
    const read = await readCandidate(workspace.root, model, workspace.root);
    const before = await judgedBefore(read.record);
    const tried = triedBefore(read.record, before.candidate);
    // What the pull request tried counts at the merge too, and stays known to later ones by the run log.
    const candidate =
      tried.length === 0
        ? read
        : { ...read, ...(await judgeAfterTries(workspace, read.record, read.evaluation, tried)) };
    tellReproduced(action, model, compareWithJudged(candidate.record, before.candidate), before.pullRequest);
    if (tried.length > 0 && candidate.verdict.outcome !== "pass") {
      action.fail(`${model}: not deployed: ${candidate.verdict.summary}`);
      continue;
    }
    const promote = action.flag("promote");
    const newer = promote ? await supersededBy(action, workspace, candidate.record) : null;
    if (newer !== null) {
      action.log.warn(
        `${model}: not deployed: ${newer.slice(0, 7)} has another config since, which its own run deploys`,
      );
      continue;
    }
    const { pullRequest } = before;
    const approvedBy = await approversOf(action, workspace, pullRequest);
    const registered = await registerCandidate(workspace, candidate, { promote, pullRequest, approvedBy });
    await attest(action, workspace, registered);
    named.push({ model, ...registered });
  }
  tellPassingStore(workspace, named);
  action.output("registered", JSON.stringify(named));
  const promoted = named.filter(({ promoteCommit }) => promoteCommit).map(({ model }) => model);
  action.output("promoted", promoted.join(" "));
  const environment = firstEnvironment(workspace);
  action.output("environment", environment === "production" ? "" : environment);
}

function tellReproduced({ log }: Action, model: string, differs: readonly string[] | null, from: number | null): void {
  if (differs === null) return;
  const judged = `the candidate of pull request #${from}`;
  if (differs.length === 0) log.info(`${model}: reproduced, byte for byte ${judged}`);
  else log.warn(`${model}: not ${judged}: ${differs.join(", ")} differ`);
}

await runAction(register);

/** Who approved, for the statement that is signed; looked up only where something is. What GitHub does not tell is left out. */
async function approversOf(
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
async function attest(action: Action, { git }: Workspace, { record, registerCommit }: RegisterResult): Promise<void> {
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
