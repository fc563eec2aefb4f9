import { posix } from "node:path";
import { sha256 } from "./config/canonical-json.ts";
import { UserError } from "./errors/expected-error.ts";
import { fetchFileOf } from "./registry/git/git.ts";
import { readAllObjects } from "./registry/git/objects.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { Move } from "./registry/standing.ts";
import { checkBundle, type SignedStatement } from "./registry/trust/check-bundle.ts";
import { promotionType } from "./registry/trust/promotion-statement.ts";
import { describeFound, type TrustPolicy } from "./registry/trust/trust-policy.ts";
import { UntrustedError, unsigned } from "./registry/trust/untrusted-error.ts";
import { isAbout, verdictBundleFile } from "./registry/trust/verdict-statement.ts";
import {
  modelFolder,
  pointerBundleFile,
  productionFile,
  recordFile,
  type VersionRecord,
} from "./registry/version-record.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** One change of what is in an environment, as the branch and the signatures on it tell it. */
export interface AuditedChange {
  /** ISO, UTC. */
  time: string;
  model: string;
  environment: string;
  action: Move["action"];
  from: number | null;
  to: number | null;
  /** The commit's author, which anybody may write into a commit; `signed_by` is proved. */
  by: string;
  commit: string;
  /** Who signed the move; null for one by hand, such as a revert, and where nothing is signed. */
  signed_by: string | null;
  /** The page of the run that moved it, as its certificate or its statement says. */
  run: string | null;
  /** The verdict that it rests on: the outcome, and the sentence. */
  verdict: { outcome: string; summary: string } | null;
  /** Who signed that verdict, and in which run. */
  verdict_signed_by: string | null;
  verdict_run: string | null;
  pull_request: number | null;
  /** Who approved, as the job that moved it was told by GitHub. */
  approved_by: readonly string[];
  /** Why, in the words of the statement or of the rollback. */
  why: string | null;
  /** Why a signature that is there does not count. */
  doubt: string | null;
}

/** Every change of production, oldest first, from `since` on (ISO). */
export async function auditChanges(workspace: Workspace, since: string | null): Promise<AuditedChange[]> {
  const { registry, trust } = workspace;
  const snapshot = await registry.snapshot({ fetch: true });
  const policy = await trust.policy();
  const moved: ModelMove[] = [];
  for (const model of await snapshot.models()) {
    const { moves } = await registry.deployments(model, snapshot);
    moved.push(...moves.filter(({ time }) => since === null || time >= since).map((move) => ({ model, move })));
  }
  await fetchRead(workspace, snapshot, moved);
  const changes: AuditedChange[] = [];
  for (const { model, move } of moved) changes.push(await audited(workspace, snapshot, policy, model, move));
  return changes.sort((a, b) => a.time.localeCompare(b.time) || a.model.localeCompare(b.model));
}

interface ModelMove {
  model: string;
  move: Move;
}

/** Brings at once what a partial clone left out and is read below one after the other: of the versions moved to, and of the moves. */
async function fetchRead({ git, trust }: Workspace, snapshot: Snapshot, moved: readonly ModelMove[]): Promise<void> {
  const versions = moved.flatMap(({ model, move: { to } }) => (to === null ? [] : [{ model, version: to }]));
  for (const file of [recordFile, verdictBundleFile]) await snapshot.bringFiles(versions, file);
  if ((await trust.policy()) === null) return;
  const folders = moved.map(({ model, move }) => `${move.commit}:${modelFolder(model)}`);
  await fetchFileOf(git, folders, posix.basename(pointerBundleFile(productionFile(""))));
}

async function audited(
  workspace: Workspace,
  snapshot: Snapshot,
  policy: TrustPolicy | null,
  model: string,
  move: Move,
): Promise<AuditedChange> {
  const { record, missing } = await recordOf(snapshot, model, move.to);
  const verdict = record && (await signedVerdict(snapshot, policy, record));
  const promotion = await signedMove(workspace, policy, model, move);
  const told = promotion.signed?.statement.predicate ?? {};
  const { time, action, from, to, by, commit, pullRequest, automatic } = move;
  return {
    ...{ time, model, environment: "production", action, from, to, by, commit },
    signed_by: promotion.signed && describeFound(promotion.signed.signer),
    run: promotion.signed && runOf(promotion.signed),
    verdict: record && verdictOf(record),
    verdict_signed_by: verdict?.signed ? describeFound(verdict.signed.signer) : null,
    verdict_run: verdict?.signed ? runOf(verdict.signed) : null,
    pull_request: pullRequest ?? record?.pull_request ?? null,
    approved_by: textsIn(told.approved_by),
    why: automatic ?? (typeof told.why === "string" ? told.why : null),
    doubt: missing ?? verdict?.doubt ?? promotion.doubt,
  };
}

function verdictOf({ verdict: { outcome, summary } }: VersionRecord) {
  return { outcome, summary };
}

/** A certificate is believed before what the job wrote. */
function runOf({ signer, statement }: SignedStatement): string | null {
  if (signer.kind === "certificate" && signer.run !== null) return signer.run;
  const { run } = statement.predicate as { run?: { run?: unknown } | null };
  return typeof run?.run === "string" ? run.run : null;
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

interface Found {
  signed: SignedStatement | null;
  doubt: string | null;
}

/** Whoever signed the verdict is told also where nobody must have; there, none is no doubt. */
async function signedVerdict(
  snapshot: Snapshot,
  policy: TrustPolicy | null,
  { model, version }: VersionRecord,
): Promise<Found> {
  const [vouched = null] = await snapshot.vouchers([{ model, version }]);
  if (!(vouched instanceof UserError)) return { signed: vouched, doubt: null };
  const isNone = vouched instanceof UntrustedError && vouched.doubt.why === unsigned;
  return { signed: null, doubt: isNone && policy?.required !== true ? null : vouched.message };
}

/** The statement that came with the move in its commit. One of an earlier move counts for none: a revert brings it back. */
async function signedMove(
  { git }: Workspace,
  policy: TrustPolicy | null,
  model: string,
  { commit, from, to }: Move,
): Promise<Found> {
  if (policy === null || to === null) return { signed: null, doubt: null };
  const path = productionFile(model);
  const [pointer, bundle] = await readAllObjects(git, [`${commit}:${path}`, `${commit}:${pointerBundleFile(path)}`]);
  if (!bundle) return { signed: null, doubt: null };
  const found = await orDoubt(() => checkBundle(policy, bundle.content, `the move of ${model} to v${to}`));
  const { statement } = found.signed ?? {};
  if (!statement) return found;
  const isThis =
    statement.predicateType === promotionType &&
    isAbout(statement, path, sha256(pointer?.content ?? "")) &&
    statement.predicate.from === from &&
    statement.predicate.to === to;
  return isThis ? found : { signed: null, doubt: null };
}

async function recordOf(
  snapshot: Snapshot,
  model: string,
  version: number | null,
): Promise<{ record: VersionRecord | null; missing: string | null }> {
  try {
    return { record: version === null ? null : await snapshot.record(model, version), missing: null };
  } catch (error) {
    if (error instanceof UserError) return { record: null, missing: error.message };
    throw error;
  }
}

async function orDoubt(read: () => Promise<SignedStatement | null>): Promise<Found> {
  try {
    return { signed: await read(), doubt: null };
  } catch (error) {
    if (error instanceof UserError) return { signed: null, doubt: error.message };
    throw error;
  }
}
