import type { Candidate } from "./candidate/train-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { UserError } from "./errors/expected-error.ts";
import { judgeAgain } from "./gate.ts";
import { keepDatasets, labelDatasets } from "./keep-version.ts";
import { packVersion, publishPacked } from "./pack-version.ts";
import { type PlanEntry, planModel } from "./plan.ts";
import type { RegisterResult } from "./registry/registry.ts";
import { versionTrainedRows } from "./registry/trained-rows.ts";
import type { RunEvent } from "./run-log/run-record.ts";
import { runTraining, type TrainingResult } from "./train.ts";
import { versionProfile } from "./watch/profile/version-profile.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** How deploying one model can end. Only `deployed` wrote to the registry. */
export type DeployResult =
  | { state: "deployed"; plan: PlanEntry; candidate: Candidate; directory: string; registered: RegisterResult }
  | { state: "rejected"; plan: PlanEntry; candidate: Candidate; directory: string }
  | { state: "waiting"; plan: PlanEntry }
  | Exclude<TrainingResult, { state: "judged" }>;

/** Plan → candidate → gate → register → promote for one model; both commits go in one push. */
export async function deployModel(
  workspace: Workspace,
  model: LoadedModel,
  options: { pullRequest?: number | null } = {},
): Promise<DeployResult> {
  const { registry, log } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  if (snapshot.tip === null) throw noRegistry(workspace);
  const pointer = await snapshot.production(model.config.name);
  const plan = await log.step(
    "plan",
    () => planModel(workspace, model, snapshot, pointer),
    ({ state, detail }) => `${state}: ${detail}`,
  );
  if (plan.state === "held" || plan.state === "registered") return { state: "waiting", plan };
  const trained = await runTraining(workspace, model.config.name, { event: "run", model, snapshot, registers: true });
  if (trained.state !== "judged") return trained;
  const { candidate, directory } = trained;
  log.info(`  ${"gate".padEnd(10)} ${describeVerdict(candidate.verdict)}`);
  if (candidate.verdict.outcome !== "pass") return { state: "rejected", plan, candidate, directory };
  const registered = await registerCandidate(workspace, candidate, {
    promote: true,
    pullRequest: options.pullRequest ?? null,
    event: "run",
  });
  return { state: "deployed", plan, candidate, directory, registered };
}

/** The summary of a no begins with "Blocked" or "Inconclusive" by itself. */
function describeVerdict({ outcome, summary }: Candidate["verdict"]): string {
  return outcome === "pass" ? `pass: ${summary}` : summary;
}

/** What to say when something is to be deployed and there is no registry yet. */
export function noRegistry({ repository }: Pick<Workspace, "repository">): UserError {
  return new UserError({
    message: `there is no branch ${repository.registry} yet: a model needs a registry to be deployed to`,
    hint: "create it once: mergeml init",
  });
}

interface RegisterOptions {
  promote: boolean;
  pullRequest: number | null;
  /** Who approved it, as GitHub tells it. */
  approvedBy?: readonly string[];
  event?: RunEvent;
}

/** Registers a candidate, and promotes it if asked. When production changed since the gate, it is scored and judged again. */
export async function registerCandidate(
  workspace: Workspace,
  candidate: Candidate,
  { promote, pullRequest, approvedBy = [], event = "register" }: RegisterOptions,
): Promise<RegisterResult> {
  const { record, evaluation, verdict, example } = candidate;
  await keepDatasets(workspace, record);
  const registered = await workspace.log.step(
    "register",
    async () =>
      workspace.registry.register({
        extras: { ...(await versionProfile(workspace, record)), ...(await versionTrainedRows(workspace, record)) },
        candidate: record,
        evaluation,
        verdict,
        model: candidate.model,
        example,
        pullRequest,
        approvedBy,
        promote,
        environment: firstEnvironment(workspace),
        judgeAgain: (snapshot) => judgeAgain(workspace, candidate, snapshot),
        keep: async (record, files) => void (await packVersion(workspace, record, files)),
      }),
    (done) => describeRegistration(done, firstEnvironment(workspace)),
  );
  await labelDatasets(workspace, record, registered.version);
  await publishPacked(workspace, registered.record);
  await workspace.runs.add({ ...candidate, candidate: record }, { event, version: registered.version });
  return registered;
}

/** Where a deploy puts a version. */
export function firstEnvironment({ repository }: Pick<Workspace, "repository">): string {
  return repository.environments[0] ?? "production";
}

function describeRegistration(
  { version, registerCommit, promoteCommit, alreadyRegistered }: RegisterResult,
  environment: string,
): string {
  if (alreadyRegistered) return `already registered as version ${version}`;
  const commits = [registerCommit, promoteCommit].filter((each) => each !== null).map((each) => each.slice(0, 7));
  return `version ${version}${promoteCommit ? `, promoted${environment === "production" ? "" : ` to ${environment}`}` : ""}  registry@${commits.join(", ")}`;
}
