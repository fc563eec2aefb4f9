import { readCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { judgeAfterTries } from "../../pipelines/candidate/judge-candidate.ts";
import { firstEnvironment, registerCandidate } from "../../pipelines/deploy.ts";
import { tellPassingStore } from "../../pipelines/workspace/passing-store.ts";
import type { Action } from "../shared/action.ts";
import { triedBefore } from "../shared/candidate-marker.ts";
import { compareWithJudged, openJudgedBefore } from "../shared/judged-before.ts";
import { runAction } from "../shared/run-action.ts";
import { supersededBy } from "../shared/superseded.ts";
import { approversOf, attest } from "./signed-facts.ts";

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
