import { describeIdentical, gateCandidate } from "../../pipelines/gate.ts";
import { readOutcome } from "../../pipelines/handover/training-outcome.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { runAction } from "../shared/run-action.ts";

interface Verdict {
  model: string;
  outcome: "pass" | "fail" | "inconclusive" | "identical" | "none";
  summary: string;
}

async function gate(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const verdicts: Verdict[] = [];
  for (const model of action.list("models")) {
    const verdict = await judgeModel(workspace, model);
    verdicts.push(verdict);
    action.log.info(`${model}: ${verdict.outcome}: ${verdict.summary}`);
  }
  const passed = verdicts.filter(({ outcome }) => outcome === "pass").map(({ model }) => model);
  action.output("passed", passed.join(" "));
  action.output("verdicts", JSON.stringify(verdicts));
  const refused = verdicts.filter(({ outcome }) => outcome !== "pass" && outcome !== "identical");
  for (const { model, summary } of refused) action.fail(`${model}: ${summary}`);
}

/** Scored again only when production changed since the training; `none` when training gave no candidate. */
async function judgeModel(workspace: Workspace, model: string): Promise<Verdict> {
  const last = await readOutcome(workspace.root, model);
  if (last?.state === "identical") return identical(model, last.version);
  if (last?.state !== "candidate") return { model, outcome: "none", summary: "training gave no candidate" };
  const { candidate, identicalTo } = await gateCandidate(workspace, last.id, workspace.root);
  if (identicalTo !== null) return identical(model, identicalTo);
  return { model, outcome: candidate.verdict.outcome, summary: candidate.verdict.summary };
}

function identical(model: string, version: number): Verdict {
  return { model, outcome: "identical", summary: describeIdentical(version) };
}

await runAction(gate);
