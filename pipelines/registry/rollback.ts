import { UserError } from "../errors/expected-error.ts";
import { formatMessage, revertMessage, rollbackSubject } from "./commit-message.ts";
import { type FileChange, readAllObjects } from "./git/objects.ts";
import { editIndex, primaryMetric } from "./index-page.ts";
import { type PointerChange, readPointerChanges } from "./pointer-changes.ts";
import { checkPointer, pointTo, readPointer, writePointer } from "./production-pointer.ts";
import { signMove, signReturn } from "./sign-writes.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Deployment, foldDeployments } from "./standing.ts";
import { requireVerdict } from "./still-passes.ts";
import { type ProductionPointer, pointerBundleFile, pointerFile, type VersionRecord } from "./version-record.ts";
import { secureModel, type WriteContext, type WritePlan, type Writer, writeBranch } from "./write-branch.ts";

export interface RollbackOptions {
  /** The version to go back to; without it, what was in production before the last promotion. */
  to?: number;
  /** Where; production when left out. */
  environment?: string;
}

export interface RollbackResult {
  /** null when production.json could not be read, e.g. after a conflict that was committed. */
  from: number | null;
  /** null: nothing is in production any more. */
  to: number | null;
  commit: string;
}

type Tip = Snapshot & { tip: string };

/**
 * Takes back the model's last promotion, as `git revert` of that commit would: the pointer becomes what it was before, which
 * may be nothing. With `to`, the pointer goes to that version. Throws UserError when nothing is deployed, or when somebody
 * else changed production meanwhile.
 */
export async function rollback(writer: Writer, model: string, options: RollbackOptions = {}): Promise<RollbackResult> {
  let first: First | undefined;
  const place = placeIn(model, options.environment);
  return writeBranch<RollbackResult>(writer, async (snapshot, context) => {
    const changes = await readPointerChanges(writer.git, snapshot.tip, model, place.path);
    const deployments = foldDeployments(changes).stack;
    const current = deployments.at(-1);
    if (first && first.blob !== current?.state.blob) return settleRace(model, first, changes.at(-1)!);
    if (!current) throw nothingDeployed(model, changes, place.environment);
    const target = await chooseTarget(writer, snapshot, { model, place, options, changes, deployments }, context);
    const [from, to] = [current.state.version, target.pointer?.version ?? null];
    if (from !== null && from === to) throw alreadyThere(model, from, place.environment);
    first = { blob: current.state.blob, from, to };
    const plan = { model, place, current, target, named: options.to !== undefined };
    return planRollback(writer, snapshot, plan, context);
  });
}

/** The pointer that goes back. */
interface PointerPlace {
  environment: string;
  path: string;
}

function placeIn(model: string, environment = "production"): PointerPlace {
  return { environment, path: pointerFile(model, environment) };
}

/** What was meant when the command started. */
interface First {
  blob: string;
  from: number | null;
  to: number | null;
}

interface Target {
  /** null: undeployed. */
  pointer: ProductionPointer | null;
  record: VersionRecord | null;
  /** production.json, or its removal. */
  content: FileChange["content"];
  /** The text of a pointer that was there before; null of a new one, and when there is none. */
  earlier: string | null;
  /** The signed statement beside it, as it was there then; or its removal. */
  statement: readonly FileChange[];
}

interface Choice {
  model: string;
  place: PointerPlace;
  options: RollbackOptions;
  changes: readonly PointerChange[];
  deployments: readonly Deployment[];
}

async function chooseTarget(writer: Writer, snapshot: Tip, choice: Choice, context: WriteContext): Promise<Target> {
  const { model, options, changes, deployments } = choice;
  const { environment, path } = choice.place;
  if (options.to === undefined) return earlierPointer(writer, snapshot, choice, placeOf(deployments.at(-2)));
  const record = await snapshot.trusted(model, options.to);
  const before = changes.findLast(({ to }) => to?.version === options.to);
  const onStack = deployments.find(({ state }) => state.version === options.to);
  if (onStack) return earlierPointer(writer, snapshot, choice, placeOf(onStack));
  if (before?.to) return earlierPointer(writer, snapshot, choice, { blob: before.to.blob, commit: before.commit });
  requireVerdict(record);
  const pointer = pointTo(record, { since: context.now, by: context.identity.name, pullRequest: record.pull_request });
  const content = writePointer(pointer);
  const from = deployments.at(-1)?.state.version ?? null;
  const { now: since, identity } = context;
  const why = `rolled back to on purpose by ${identity.name}`;
  const move = { environment, from, record, path, content, by: identity.name, since };
  const statement = await signMove(writer, { ...move, pullRequest: record.pull_request, why });
  return { pointer, record, content, earlier: null, statement };
}

/** A state of the pointer, and the commit that made it. */
interface EarlierPlace {
  blob: string;
  commit: string;
}

function placeOf(deployment: Deployment | undefined): EarlierPlace | null {
  return deployment ? { blob: deployment.state.blob, commit: deployment.by.commit } : null;
}

/** The very file that was there, so that history shows it as coming back. Going back is refused when it leads to damage. */
async function earlierPointer(
  writer: Writer,
  snapshot: Tip,
  { model, place: { path } }: Pick<Choice, "model" | "place">,
  place: EarlierPlace | null,
): Promise<Target> {
  const statement = await earlierStatement(writer, snapshot, path, place);
  if (place === null) return { pointer: null, record: null, content: null, earlier: null, statement };
  const { blob } = place;
  const [file] = await readAllObjects(writer.git, [blob]);
  const text = file?.content ?? Buffer.alloc(0);
  const pointer = readPointer(text, model, path);
  const record = await snapshot.trusted(model, pointer.version);
  checkPointer(pointer, record, path);
  return { pointer, record, content: { oid: blob }, earlier: text.toString("utf8"), statement };
}

/** The statement that came with the pointer, which comes back with it. */
async function earlierStatement(
  { git }: Writer,
  { tip }: Tip,
  pointer: string,
  place: EarlierPlace | null,
): Promise<FileChange[]> {
  const path = pointerBundleFile(pointer);
  const [now, then] = await readAllObjects(git, [`${tip}:${path}`, `${place?.commit ?? tip}:${path}`]);
  if (place !== null && then) return then.oid === now?.oid ? [] : [{ path, content: { oid: then.oid } }];
  return now ? [{ path, content: null }] : [];
}

interface RollbackPlan {
  model: string;
  place: PointerPlace;
  current: Deployment;
  target: Target;
  /** The user named a version. */
  named: boolean;
  /** Why mergeml does it by itself. */
  automatic?: string;
}

/** The one commit that takes the current deployment back to the target, whose model is read first. */
async function planRollback(
  writer: Writer,
  snapshot: Tip,
  plan: RollbackPlan,
  context: WriteContext,
): Promise<WritePlan<RollbackResult>> {
  const { model, current, target, named, automatic } = plan;
  const { environment, path } = plan.place;
  const { pointer, record, content } = target;
  const [from, to] = [current.state.version, pointer?.version ?? null];
  const revert = revertMessage(current.by.subject, current.by.commit);
  const [subject, body] = named ? [rollbackSubject(model, from, to, environment), null] : [revert.subject, revert.body];
  const facts = {
    model,
    version: to,
    candidate: record?.candidate.id ?? null,
    pullRequest: pointer?.pull_request ?? null,
    verdict: record?.verdict.outcome ?? null,
    automatic: automatic ?? null,
    environment,
  };
  const index = await editIndex(writer.git, snapshot.tip, model);
  const production = pointer && record && { pointer, metric: primaryMetric(record) };
  const row = environment === "production" ? [index.after({ production })] : [];
  const placed = record ? await secureModel(writer, snapshot, record) : [];
  const statement = await returnStatement(writer, plan, context);
  const changes = [...placed, { path, content }, ...statement, ...row];
  return {
    commits: [{ message: formatMessage(subject, body, facts), changes }],
    result: (ids) => ({ from, to, commit: ids[0]! }),
  };
}

/** Whoever can sign who goes back and why does; else the statement that was there comes back, as with `git revert`. */
async function returnStatement(
  writer: Writer,
  { place: { environment, path }, current, target, automatic }: RollbackPlan,
  { now: since, identity: { name: by } }: WriteContext,
): Promise<readonly FileChange[]> {
  const { record, earlier: content, pointer } = target;
  if (content === null || record === null) return target.statement;
  const why = automatic ? `rolled back by itself: ${automatic}` : `rolled back by ${by}`;
  const move = { environment, from: current.state.version, record, path, content, by, since, why };
  const signed = await signReturn(writer, { ...move, pullRequest: pointer?.pull_request ?? null });
  return signed ? [signed] : target.statement;
}

/** Somebody else moved the pointer first: fine when it is where we wanted it, else he decides, not we. */
function settleRace(model: string, { from, to }: First, last: PointerChange): WritePlan<RollbackResult> {
  const found = last.to?.version ?? null;
  if (found === to) return { commits: [], result: () => ({ from, to, commit: last.commit }) };
  throw new UserError({
    message: `production of ${model} changed to ${found === null ? "nothing" : `v${found}`} while ${from === null ? "it" : `v${from}`} was being rolled back; nothing was written`,
    hint: `look at it, then decide again: mergeml history ${model}`,
  });
}

function alreadyThere(model: string, version: number, environment: string): UserError {
  return new UserError({
    message: `${model}@${version} is in ${environment} already`,
    hint: `see what was there before: mergeml history ${model}`,
  });
}

function nothingDeployed(model: string, changes: readonly PointerChange[], environment: string): UserError {
  const last = changes.findLast(({ to }) => to !== null)?.to?.version;
  const hint =
    last === undefined
      ? "it was never promoted"
      : `it was undeployed before; to deploy again: mergeml promote ${model} --to ${last}`;
  return new UserError({ message: `there is nothing to roll back: no version of ${model} is in ${environment}`, hint });
}

/** A promotion that was judged on live data, and what was found. */
export interface JudgedPromotion {
  /** The commit that put the version into production. */
  promotion: string;
  /** What it broke, in a line; told in the trailers of the revert commit. */
  reason: string;
}

/**
 * Takes back this very promotion, as `rollback` does. null, and nothing is written, when production is not what that promotion
 * put there any more, or when nothing was there before it: what was judged is not there, or nothing could take its place.
 */
export async function rollbackPromotion(
  writer: Writer,
  model: string,
  { promotion, reason }: JudgedPromotion,
): Promise<RollbackResult | null> {
  return writeBranch<RollbackResult | null>(writer, async (snapshot, context) => {
    const { stack } = foldDeployments(await readPointerChanges(writer.git, snapshot.tip, model));
    const [before, current] = [stack.at(-2), stack.at(-1)];
    if (current?.by.commit !== promotion || !before) return { commits: [], result: () => null };
    const place = placeIn(model);
    const target = await earlierPointer(writer, snapshot, { model, place }, placeOf(before));
    const plan = { model, place, current, target, named: false, automatic: reason };
    return planRollback(writer, snapshot, plan, context);
  });
}
