import { scoreCandidate } from "./candidate/score-candidate.ts";
import { recordedSplitSeed } from "./candidate/split-seed.ts";
import { EnvironmentError, UserError } from "./errors/expected-error.ts";
import type { Evaluation } from "./evaluation/evaluation.ts";
import { type Production, productionOf } from "./registry/production.ts";
import type { ProvedVersion } from "./registry/register.ts";
import { nothingToSignWith } from "./registry/sign-writes.ts";
import { openSnapshot, type Snapshot } from "./registry/snapshot.ts";
import { requireVerdict } from "./registry/still-passes.ts";
import { UntrustedError } from "./registry/trust/untrusted-error.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import { type RetrainedVersion, retrainVersion } from "./reproduce.ts";
import { openStepCache } from "./workspace/step-cache.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** What became of a version that was to be adopted. */
export interface AdoptionOutcome {
  model: string;
  version: number;
  state: "adopted" | "signed" | "not proved";
  /** Why it is not proved, or what proved it. */
  detail: string;
  commit: string | null;
}

/** Relative difference that another machine's rounding may make; an invented metric is further off. */
const rounding = 1e-9;

/**
 * Signs versions that were registered before there was `trust`: each that retrains to the same bytes, and whose metrics come out of
 * scoring these on the same rows again. Throws UserError where the default branch's mergeml.yaml has no `trust`.
 */
export async function adoptVersions(
  workspace: Workspace,
  choices: readonly { model: string; version: number | null }[],
): Promise<AdoptionOutcome[]> {
  const { registry, git, store } = workspace;
  await requireSigner(workspace);
  const snapshot = await registry.snapshot({ fetch: true });
  // What is to be proved is read without asking who signed it, its baselines too.
  const unchecked = await openSnapshot({ git, store }, snapshot.tip);
  const outcomes: AdoptionOutcome[] = [];
  for (const { model, version } of choices) {
    const proved: ProvedVersion[] = [];
    for (const each of version === null ? await snapshot.versions(model) : [version]) {
      const outcome = await proveVersion(workspace, snapshot, unchecked, { model, version: each });
      if ("proof" in outcome) proved.push(outcome);
      else outcomes.push(outcome);
    }
    const commit = proved.length > 0 ? await registry.adopt(model, proved) : null;
    for (const { version: each, proof: detail } of proved)
      outcomes.push({ model, version: each, state: "adopted", detail, commit });
  }
  return outcomes.sort((a, b) => a.model.localeCompare(b.model) || a.version - b.version);
}

/** Proving takes a training: whoever cannot sign is told before. */
async function requireSigner({ trust }: Workspace): Promise<void> {
  const policy = await trust.policy();
  if (policy !== null && (await trust.signer(policy)) === null) throw nothingToSignWith(policy, "an adopted version");
}

async function proveVersion(
  workspace: Workspace,
  snapshot: Snapshot,
  unchecked: Snapshot,
  { model, version }: { model: string; version: number },
): Promise<AdoptionOutcome | ProvedVersion> {
  const about = { model, version, commit: null };
  if (await isSigned(snapshot, model, version))
    return { ...about, state: "signed", detail: "it is signed by one of the signers already" };
  const record = await unchecked.record(model, version);
  try {
    requireVerdict(record);
    return { version, record: record.digest, proof: await proof(workspace, unchecked, record) };
  } catch (error) {
    if (!(error instanceof UserError || error instanceof EnvironmentError)) throw error;
    return { ...about, state: "not proved", detail: error.message };
  }
}

/** Whether one of the signers signed it, also where none must have. */
async function isSigned(snapshot: Snapshot, model: string, version: number): Promise<boolean> {
  const [vouched] = await snapshot.vouchers([{ model, version }]);
  if (vouched instanceof UntrustedError) return false;
  if (vouched instanceof UserError) throw vouched;
  if (vouched) return true;
  throw new UserError({
    message: "there is nothing to adopt for: mergeml.yaml of the default branch has no `trust`",
    hint: "write trust: into mergeml.yaml and merge it first; docs/trust.md says how",
  });
}

/** Throws UserError when something comes out otherwise than recorded. */
async function proof(workspace: Workspace, unchecked: Snapshot, record: VersionRecord): Promise<string> {
  const { model, version } = record;
  const retrained = await retrainVersion(workspace, record);
  const { identical, retrained: found } = retrained.reproduction;
  if (!identical) throw otherwise(record, `it retrains to another model (${found})`);
  const evaluation = await scoreAgain(workspace, unchecked, record, retrained);
  const wrong = otherMetric(record.evaluation, evaluation);
  if (wrong !== null) throw otherwise(record, wrong);
  await unchecked.modelBytes(model, version);
  return "retrained from its record to the same bytes, and scored on the same rows to the same metrics";
}

async function scoreAgain(
  workspace: Workspace,
  unchecked: Snapshot,
  record: VersionRecord,
  { trained, data }: RetrainedVersion,
): Promise<Evaluation> {
  const { candidate, evaluation } = record;
  const fresh = { ...workspace, cache: openStepCache(`${workspace.root}/.mergeml/cache`, false) };
  const scoring = {
    config: candidate.config,
    data: { ...data, split_seed: recordedSplitSeed(candidate) },
    ...{ onnx: trained.model, sha256: trained.sha256, naive: trained.naive },
    ranking: candidate.importance,
    ...(trained.leaks && { leaks: trained.leaks }),
  };
  const baseline = await baselineOf(unchecked, record.model, evaluation);
  return (await scoreCandidate(fresh, scoring, baseline)).evaluation;
}

/** What it was judged against, as the registry has it. */
async function baselineOf(unchecked: Snapshot, model: string, { baseline }: Evaluation): Promise<Production | null> {
  if (baseline.state === "none") return null;
  const { version } = baseline;
  const pointer = { version } as Awaited<ReturnType<Snapshot["production"]>>;
  return productionOf({ ...unchecked, production: async () => pointer }, model);
}

function otherMetric(recorded: Evaluation, again: Evaluation): string | null {
  if (recorded.rows !== again.rows) return `it was judged on ${recorded.rows} rows, and there are ${again.rows}`;
  for (const metric of recorded.metrics) {
    const now = again.metrics.find((each) => each.metric === metric.metric);
    for (const side of ["naive", "production", "candidate"] as const) {
      const [then, found] = [metric[side], now?.[side] ?? null];
      if (!isSame(then, found))
        return `its ${metric.metric} (${side}) is recorded as ${then}, and comes out as ${found}`;
    }
  }
  return null;
}

function isSame(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= rounding * Math.max(1, Math.abs(a), Math.abs(b));
}

function otherwise({ model, version }: VersionRecord, why: string): UserError {
  return new UserError({ message: `${model}@${version} is not what its record says: ${why}` });
}
