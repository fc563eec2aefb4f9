import { buildCandidate } from "./build-candidate.ts";
import type { BuildResult, Candidate } from "./candidate/candidate.ts";
import { writeCandidate } from "./candidate/candidate-directory.ts";
import { countJudgedBefore } from "./candidate/count-judged-before.ts";
import { judgeCandidate } from "./candidate/judge-candidate.ts";
import { scoreCandidate } from "./candidate/score-candidate.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { UserError } from "./errors/user-error.ts";
import { keepOutcome } from "./handover/last-outcome.ts";
import { recordTraining } from "./mlflow/record-training.ts";
import { type PlanEntry, planModel } from "./plan.ts";
import { productionOf } from "./registry/production.ts";
import type { RegisterResult } from "./registry/registry.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { logFailure } from "./run-log/log-failure.ts";
import type { RunEvent } from "./run-log/run-record.ts";
import { versionProfile } from "./watch/profile/version-profile.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** How deploying one model can end. Only `deployed` wrote to the registry. */
export type DeployResult =
  | { state: "deployed"; plan: PlanEntry; candidate: Candidate; directory: string; registered: RegisterResult }
  | { state: "rejected"; plan: PlanEntry; candidate: Candidate; directory: string }
  | { state: "waiting"; plan: PlanEntry }
  | Exclude<BuildResult, { state: "judged" }>;

/** Plan → candidate → gate → register → promote for one model; both commits go in one push. */
export async function deployModel(
  workspace: Workspace,
  model: LoadedModel,
  options: { pullRequest?: number | null } = {},
): Promise<DeployResult> {
  const { registry, log, root } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  if (snapshot.tip === null) throw noRegistry(workspace);
  const pointer = await snapshot.production(model.config.name);
  const plan = await log.step(
    "plan",
    () => planModel(workspace, model, snapshot, pointer),
    ({ state, detail }) => `${state}: ${detail}`,
  );
  if (plan.state === "held" || plan.state === "registered") return { state: "waiting", plan };
  const built = await keepOutcome(workspace, model.config.name, (followed) =>
    logFailure(followed.runs, model, "run", () => buildCandidate(followed, model, snapshot)),
  );
  if (built.state === "identical") await logRun(workspace, built.candidate, "run", null);
  if (built.state !== "judged") return built;
  const { candidate } = built;
  const directory = await writeCandidate(root, candidate);
  log.info(`  ${"gate".padEnd(10)} ${describeVerdict(candidate.verdict)}`);
  if (candidate.verdict.outcome !== "pass") {
    await recordTraining(workspace, { ...candidate, candidate: candidate.record });
    await logRun(workspace, candidate, "run", null);
    return { state: "rejected", plan, candidate, directory };
  }
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

/** Registers a candidate, and promotes it if asked. When production changed since the gate, it is scored and judged again. */
export async function registerCandidate(
  workspace: Workspace,
  candidate: Candidate,
  { promote, pullRequest, event = "register" }: { promote: boolean; pullRequest: number | null; event?: RunEvent },
): Promise<RegisterResult> {
  const { record, evaluation, verdict, example } = candidate;
  const registered = await workspace.log.step(
    "register",
    async () =>
      workspace.registry.register({
        extras: await versionProfile(workspace, record),
        candidate: record,
        evaluation,
        verdict,
        model: candidate.model,
        example,
        pullRequest,
        promote,
        judgeAgain: (snapshot) => judgeAgain(workspace, candidate, snapshot),
      }),
    describeRegistration,
  );
  await logRun(workspace, candidate, event, registered.version);
  return registered;
}

/** Never fails: a lost log is no reason to lose a deploy. */
async function logRun(
  { runs }: Workspace,
  candidate: Candidate,
  event: RunEvent,
  version: number | null,
): Promise<void> {
  await runs.add({ ...candidate, candidate: candidate.record }, { event, version });
}

/** The candidate against what is in production at `snapshot`. */
export async function judgeAgain(
  workspace: Workspace,
  candidate: Candidate,
  snapshot: Snapshot,
): Promise<Pick<Candidate, "evaluation" | "verdict">> {
  const { record, naive } = candidate;
  const scoring = {
    config: record.config,
    data: record,
    onnx: candidate.model,
    sha256: record.model.sha256,
    naive,
    ranking: record.importance,
  };
  const production = await productionOf(snapshot, record.config.name);
  const scored = await scoreCandidate(workspace, scoring, production);
  const { evaluation } = await countJudgedBefore(workspace, record.id, scoring, scored);
  return { evaluation, verdict: judgeCandidate(workspace, record, evaluation) };
}

function describeRegistration({ version, registerCommit, promoteCommit, alreadyRegistered }: RegisterResult): string {
  if (alreadyRegistered) return `already registered as version ${version}`;
  const commits = [registerCommit, promoteCommit].filter((each) => each !== null).map((each) => each.slice(0, 7));
  return `version ${version}${promoteCommit ? ", promoted" : ""}  registry@${commits.join(", ")}`;
}
