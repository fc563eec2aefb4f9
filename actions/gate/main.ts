import { changedSince } from "../../pipelines/changed-models.ts";
import { describeIdentical, gateCandidate } from "../../pipelines/gate.ts";
import { type ReportEntry, readOutcome, type TrainingOutcome } from "../../pipelines/handover/training-outcome.ts";
import type { DeployVerdict } from "../../pipelines/handover/verdict-handover.ts";
import { renderReport } from "../../pipelines/report/render-report.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Action, appendJobSummary, runAction } from "../shared/action.ts";
import { uploadVerdicts } from "../shared/bundles.ts";

/** A job's summary holds a mebibyte; other steps write to it too. */
const summaryLimit = 700_000;

/** A model's verdict, and what the summary shows of it. */
interface Judged {
  verdict: DeployVerdict;
  entry: ReportEntry | null;
}

async function gate(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const judged: Judged[] = [];
  for (const model of action.list("models")) {
    const { verdict, entry } = await judgeModel(workspace, model);
    judged.push({ verdict, entry });
    action.log.info(`${model}: ${verdict.outcome}: ${verdict.summary}`);
  }
  const verdicts = judged.map(({ verdict }) => verdict);
  const entries = judged.flatMap(({ entry }) => entry ?? []);
  if (entries.length > 0) await appendJobSummary(action.env, renderReport(entries, { limit: summaryLimit }));
  if (action.flag("share")) await uploadVerdicts(verdicts);
  const passed = verdicts.filter(({ outcome }) => outcome === "pass").map(({ model }) => model);
  action.output("passed", passed.join(" "));
  action.output("verdicts", JSON.stringify(verdicts));
  const refused = verdicts.filter(({ outcome }) => outcome !== "pass" && outcome !== "identical");
  const touched = refused.length > 0 ? await changedSince(workspace, action.input("since")) : "all";
  for (const { model, summary } of refused) {
    if (touched === "all" || touched.has(model)) action.fail(`${model}: ${summary}`);
    else action.log.warn(`${model}: ${summary} (blocked since before this push)`);
  }
}

/** Scored again only when production changed since the training; `none` when training gave no candidate. */
async function judgeModel(workspace: Workspace, model: string): Promise<Judged> {
  const last = await readOutcome(workspace.root, model);
  if (last?.state === "identical") return identical(model, last.version);
  if (last?.state !== "candidate") {
    const entry =
      last?.state === "error" || last?.state === "checks-failed" || last?.state === "unreached" ? last : null;
    return { verdict: { model, outcome: "none", summary: whyNone(last) }, entry };
  }
  const { candidate, identicalTo, production } = await gateCandidate(workspace, last.id, workspace.root);
  if (identicalTo !== null) return identical(model, identicalTo);
  const { record, evaluation, verdict } = candidate;
  return {
    verdict: { model, outcome: verdict.outcome, summary: verdict.summary },
    entry: { state: "judged", candidate: record, evaluation, verdict, production },
  };
}

function whyNone(last: TrainingOutcome | null): string {
  if (last?.state === "checks-failed") return "data checks failed, so nothing was trained";
  const reason = last?.state === "error" || last?.state === "unreached" ? last.problems[0]?.message : undefined;
  return reason === undefined ? "training gave no candidate" : `training gave no candidate: ${reason}`;
}

function identical(model: string, version: number): Judged {
  const summary = describeIdentical(version);
  return { verdict: { model, outcome: "identical", summary }, entry: { state: "identical", model, version } };
}

await runAction(gate);
