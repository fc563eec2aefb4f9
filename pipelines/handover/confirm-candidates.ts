import { judgeCandidate } from "../candidate/judge-candidate.ts";
import type { LoadedModel } from "../config/load-models.ts";
import type { Sources } from "../config/model-config.ts";
import { mayName } from "../data/sources/reach-sources.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { evaluationDoubt, recordDoubt } from "./evaluation-doubt.ts";
import type { CandidateBundle, IdenticalModel, ReportEntry, TrainingError } from "./training-outcome.ts";

/** Against what a result of another job is confirmed: the registry now, and the models as the commit has them. */
export interface Trusted {
  snapshot: Snapshot;
  commit: string;
  models: ReadonlyMap<string, LoadedModel>;
  /** Those of its mergeml.yaml. */
  sources: Sources;
}

/**
 * What to report of a result that another job computed, perhaps with a stranger's code. Nothing is taken from it that can
 * be known otherwise: the config must be the commit's, the baseline what is in production, the data checks those that the
 * config asks for, the numbers must fit one another, and the verdict is made anew. What remains to be believed are the
 * metrics themselves; a merge trains and judges again before anything is deployed.
 */
export async function confirmedEntry(
  workspace: Pick<Workspace, "clock" | "toolVersion">,
  { outcome, candidate, model }: CandidateBundle,
  trusted: Trusted,
): Promise<ReportEntry> {
  if (outcome.state === "error" || outcome.state === "checks-failed" || outcome.state === "held") return outcome;
  const written = trusted.models.get(model);
  if (!written) return unconfirmed(model, `${trusted.commit.slice(0, 7)} has no valid models/${model}/model.yaml`);
  if (outcome.state === "unreached")
    return namesSource(written, trusted.sources) ? outcome : unconfirmed(model, "its queries name no source");
  if (candidate === null) return unconfirmed(model, "its candidate is missing");
  const { evaluation } = candidate;
  const production = await productionOf(model, trusted.snapshot);
  const recorded = recordDoubt(candidate.record, written, trusted.commit);
  if (recorded !== null) return unconfirmed(model, recorded);
  const other = baselineDoubt(evaluation, production);
  if (other !== null) return { ...unconfirmed(model, other), ...movedOf(evaluation, production) };
  const doubt = evaluationDoubt(evaluation, candidate.record, written.config, production);
  if (doubt !== null) return unconfirmed(model, doubt);
  if (outcome.state === "identical") return identicalEntry(outcome, candidate, production);
  const record = { ...candidate.record, config: { ...written.config, params: candidate.record.config.params } };
  return {
    state: "judged",
    candidate: record,
    evaluation,
    verdict: judgeCandidate(workspace, record, evaluation),
    production,
    locate: written.locate,
  };
}

/** Who claims to lack a secret would otherwise get round the gate with any model. */
function namesSource({ config, query }: LoadedModel, sources: Sources): boolean {
  const isNamed = Object.keys(sources).some((name) => mayName(query.text, name));
  return isNamed || Object.hasOwn(sources, config.features.engine);
}

async function productionOf(model: string, snapshot: Snapshot): Promise<VersionRecord | null> {
  const pointer = await snapshot.production(model);
  return pointer && (await snapshot.trusted(model, pointer.version));
}

/** A claim of a first deploy, or of another version, would be judged by the wrong rule. */
function baselineDoubt({ baseline }: Evaluation, production: VersionRecord | null): string | null {
  const claimed = baseline.state === "none" ? null : baseline;
  if (claimed?.version === production?.version && claimed?.model === production?.candidate.model.sha256) return null;
  const [then, now] = [claimed, production].map((each) => (each ? `v${each.version}` : "nothing"));
  return `it was compared with ${then}, but ${now} is in production now`;
}

/** Another version than it was compared with; the same one with other bytes is no move but a lie. */
function movedOf({ baseline }: Evaluation, production: VersionRecord | null): Pick<TrainingError, "moved"> {
  const [from, to] = [baseline.state === "none" ? null : baseline.version, production?.version ?? null];
  return from === to ? {} : { moved: { from, to } };
}

/** The very model of production scores on every row what production does. */
function identicalEntry(
  { model, version }: IdenticalModel,
  { record, evaluation }: NonNullable<CandidateBundle["candidate"]>,
  production: VersionRecord | null,
): ReportEntry {
  if (production?.version !== version)
    return unconfirmed(model, `it was found to be v${version}, which is not in production`);
  const compared = [...evaluation.metrics, ...evaluation.slices];
  const isOther =
    record.model.sha256 !== production.candidate.model.sha256 ||
    compared.some((each) => each.candidate !== each.production);
  return isOther ? unconfirmed(model, `it is not the model of v${version}`) : { state: "identical", model, version };
}

function unconfirmed(model: string, doubt: string): TrainingError {
  const problem = { message: `the result of ${model} is not confirmed: ${doubt}`, hint: "run the workflow again" };
  return { state: "error", model, problems: [problem], during: "confirming the result" };
}
