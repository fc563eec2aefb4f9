import { judgeCandidate } from "../candidate/judge-candidate.ts";
import { canonicalJson } from "../config/canonical-json.ts";
import { withoutChosenParams } from "../config/chosen-params.ts";
import type { LoadedModel } from "../config/load-models.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { ErrorEntry, ReportEntry } from "../report/report-entry.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { CandidateBundle } from "./training-handover.ts";

/** Against what a result of another job is confirmed: the registry now, and the models as the commit has them. */
export interface Trusted {
  snapshot: Snapshot;
  commit: string;
  models: ReadonlyMap<string, LoadedModel>;
}

/**
 * What to report of a result that another job computed, perhaps with a stranger's code. Nothing is taken from it that can
 * be known otherwise: the config must be the commit's, the baseline what is in production, and the verdict is made anew.
 * What remains to be believed are the metrics themselves; a merge trains and judges again before anything is deployed.
 */
export async function confirmedEntry(
  workspace: Pick<Workspace, "clock" | "toolVersion">,
  bundle: CandidateBundle,
  trusted: Trusted,
): Promise<ReportEntry> {
  const { outcome, candidate, model } = bundle;
  if (outcome.state === "identical") return identicalEntry(model, outcome.version, trusted.snapshot);
  if (outcome.state !== "candidate" || candidate === null)
    return outcome as Exclude<typeof outcome, { state: "candidate" }>;
  const written = trusted.models.get(model);
  const doubt = written
    ? (configDoubt(candidate.record, written, trusted.commit) ?? (await baselineDoubt(candidate, trusted.snapshot)))
    : `${trusted.commit.slice(0, 7)} has no valid models/${model}/model.yaml`;
  if (written === undefined || doubt !== null) return unconfirmed(model, doubt ?? "");
  const record = { ...candidate.record, config: { ...candidate.record.config, thresholds: written.config.thresholds } };
  const { evaluation } = candidate;
  const production = evaluation.baseline.state === "none" ? null : evaluation.baseline.version;
  return {
    state: "judged",
    candidate: record,
    evaluation,
    verdict: judgeCandidate(workspace, record, evaluation),
    production: production === null ? null : await trusted.snapshot.record(model, production),
  };
}

function configDoubt(
  record: NonNullable<CandidateBundle["candidate"]>["record"],
  written: LoadedModel,
  commit: string,
) {
  const asWritten = canonicalJson(withoutChosenParams(written.config));
  const asTrained = canonicalJson(withoutChosenParams(record.config));
  if (asWritten !== asTrained || written.query.text !== record.query)
    return `it was trained from another config than that of commit ${commit.slice(0, 7)}`;
  return null;
}

/** A claim of a first deploy, or of another version, would be judged by the wrong rule. */
async function baselineDoubt(
  { evaluation, record }: NonNullable<CandidateBundle["candidate"]>,
  snapshot: Snapshot,
): Promise<string | null> {
  const { baseline } = evaluation;
  const production = await snapshot.production(record.config.name);
  const claimed = baseline.state === "none" ? null : baseline;
  if (
    (claimed?.version ?? null) !== (production?.version ?? null) ||
    (claimed?.model ?? null) !== (production?.model ?? null)
  ) {
    const [then, now] = [claimed, production].map((each) => (each ? `v${each.version}` : "nothing"));
    return `it was compared with ${then}, but ${now} is in production now`;
  }
  return evaluation.model === record.model.sha256 ? null : "its evaluation is of another model";
}

async function identicalEntry(model: string, version: number, snapshot: Snapshot): Promise<ReportEntry> {
  const production = await snapshot.production(model);
  if (production?.version === version) return { state: "identical", model, version };
  return unconfirmed(model, `it was found to be v${version}, which is not in production`);
}

function unconfirmed(model: string, doubt: string): ErrorEntry {
  const problem = { message: `the result of ${model} is not confirmed: ${doubt}`, hint: "run the workflow again" };
  return { state: "error", model, problems: [problem], during: "confirming the result" };
}
