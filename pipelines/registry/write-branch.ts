import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../config/canonical-json.ts";
import { EnvironmentError, UserError } from "../errors/expected-error.ts";
import type { Clock, Log } from "../ports/host.ts";
import type { Branch } from "./branch.ts";
import type { GitError } from "./git/failure.ts";
import type { Identity } from "./git/identity.ts";
import { type CommitPlan, type FileChange, hasFile, makeCommits } from "./git/objects.ts";
import { openSnapshot, type Snapshot, type SnapshotSource } from "./snapshot.ts";
import { modelFile, referenceFile, writeReference } from "./stored-model.ts";
import { type VersionRecord, versionFolder } from "./version-record.ts";

export interface Writer extends SnapshotSource {
  branch(): Promise<Branch>;
  /** Asked for only by writes, so that reading works for whoever has no name. */
  identity(): Promise<Identity>;
  /** The tip that was fetched last, once: null when nothing was since the last write. */
  takeFetched(): string | null;
  clock: Clock;
  log: Log;
  /** Bytes above which a model goes to the store, and a reference to the branch. */
  largestInGit: number;
  /** 0 ≤ x < 1. */
  random(): number;
}

/** What to write on one state of the branch. Without commits there is nothing to do, and the branch stays as it is. */
export interface WritePlan<T> {
  commits: readonly CommitPlan[];
  /** `ids` are those of the commits, oldest first. */
  result(ids: readonly string[]): T;
}

export interface WriteContext {
  /** Throws GitError when git does not know who writes. */
  identity: Identity;
  now: Date;
}

/** Called with each state of the branch that the write is attempted on: `snapshot.tip` is never null. */
type Planner<T> = (snapshot: Snapshot & { tip: string }, context: WriteContext) => Promise<WritePlan<T>>;

const deadlineMinutes = 5;
/** Rejections in a row while nobody moved the branch: then it isn't a race but a lock that was left behind. */
const patience = 12;
/** Milliseconds: the first wait is up to `shortWait`, each further one up to twice as long, so that a crowd thins out. */
const [shortWait, longWait] = [200, 4000];

/**
 * Compare-and-swap: plans on the fetched tip, makes the commits, pushes; when somebody else was first, plans again on what
 * he wrote. Some writer always gets through, and the wait is random, so each does in the end.
 */
export async function writeBranch<T>(writer: Writer, plan: Planner<T>): Promise<T> {
  const written = await writeOnFetched(writer, plan);
  if (written) return written.result;
  return compareAndSwap(writer, async (branch, tip) => {
    if (tip === null) throw missingBranch(branch);
    return attempt(writer, branch, tip, plan);
  });
}

/**
 * One attempt on what was fetched before, which spares a fetch: the push says whether the branch is still there. null when
 * it is not, and when there is nothing to write or no way to, which only what the branch is now may tell.
 */
async function writeOnFetched<T>(writer: Writer, plan: Planner<T>): Promise<{ result: T } | null> {
  const tip = writer.takeFetched();
  if (tip === null) return null;
  try {
    const tried = await attempt(writer, await writer.branch(), tip, plan);
    return "result" in tried && tried.wrote ? tried : null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** One attempt on a state of the branch (null: it does not exist yet): its result, or why the branch did not move. */
export type Attempt<T> = (branch: Branch, tip: string | null) => Promise<{ result: T } | { error: GitError }>;

/** Attempts on the fetched tip, the first on the one `seen` last when that is enough, until the branch moves, for some minutes at most. */
export async function compareAndSwap<T>(
  writer: Pick<Writer, "branch" | "clock" | "random">,
  attemptOn: Attempt<T>,
  { deadline = deadlineMinutes, seen = false } = {},
): Promise<T> {
  const branch = await writer.branch();
  const started = writer.clock.now().getTime();
  let [stuck, lastTip]: [number, string | null] = [0, ""];
  for (let round = 0; ; round += 1) {
    const tip = await branch.tip(round > 0 || !seen);
    const rejected = await attemptOn(branch, tip);
    if ("result" in rejected) return rejected.result;
    stuck = tip === lastTip ? stuck + 1 : 0;
    lastTip = tip;
    const minutes = (writer.clock.now().getTime() - started) / 60_000;
    if (stuck >= patience || minutes >= deadline) throw givenUp(branch, rejected.error, stuck >= patience, deadline);
    await sleep(writer.random() * Math.min(longWait, shortWait * 2 ** round));
  }
}

async function attempt<T>(
  writer: Writer,
  branch: Branch,
  tip: string,
  plan: Planner<T>,
): Promise<{ result: T; wrote: boolean } | { error: GitError }> {
  const [snapshot, identity] = await Promise.all([openSnapshot(writer, tip), writer.identity()]);
  const now = writer.clock.now();
  const { commits, result } = await plan({ ...snapshot, tip }, { identity, now });
  if (commits.length === 0) return { result: result([]), wrote: false };
  const ids = await makeCommits(writer.git, tip, commits, { identity, time: now });
  const moved = await branch.move(tip, ids.at(-1)!);
  return moved.state === "moved" ? { result: result(ids), wrote: true } : { error: moved.error };
}

/** The error of a command that needs the branch. */
export function missingBranch(branch: Branch): EnvironmentError {
  return new EnvironmentError(`there is no ${branch.title}\ncreate it once: mergeml init`, {
    tried: `reading ${branch.title}`,
    safe: "Nothing was changed.",
  });
}

function givenUp(branch: Branch, cause: GitError, stuck: boolean, deadline: number): EnvironmentError {
  const why = stuck ? "though nobody else writes" : `for ${deadline} minutes, as others were always first`;
  return new EnvironmentError(
    `${branch.title} could not be moved ${why}: ${cause.message}`,
    { tried: cause.tried, safe: cause.safe },
    { cause },
  );
}

/** Bytes up to which a model is a file of the branch: servers refuse files from 100 MB. */
export const largestInGit = 90_000_000;

/** The file that stands for a model in its version's folder. */
interface PlacedModel {
  file: string;
  content: Uint8Array | string;
}

type Placing = Pick<Writer, "branch" | "store" | "largestInGit" | "log">;

/**
 * The file that stands for the model. One too large for the branch is put into the store first, and read back. Throws UserError
 * when whoever reads the branch could not read the store.
 */
export async function placeModel(writer: Placing, model: string, bytes: Uint8Array): Promise<PlacedModel> {
  const refusal = await refuseModel(writer, model, bytes.length);
  if (refusal) throw refusal;
  if (bytes.length <= writer.largestInGit) return { file: modelFile, content: bytes };
  const { store, log } = writer;
  const hash = await store.putBlob(bytes);
  if (sha256(await store.readBlob(hash)) !== sha256(bytes)) throw notReadBack(writer, model);
  if (!store.durable)
    log.info(
      `model.onnx of ${model} (${megabytes(bytes.length)}) is in ${store.title}: keep it as you keep the registry`,
    );
  return { file: referenceFile, content: writeReference(bytes) };
}

/** Why a model of this size cannot become a version here, before anything is written; null when it can. */
export async function refuseModel(writer: Placing, model: string, size: number): Promise<UserError | null> {
  const { store, largestInGit: limit } = writer;
  const branch = await writer.branch();
  if (size <= limit || isReadableWith(branch, store)) return null;
  return new UserError({
    message: `model.onnx of ${model} is ${megabytes(size)}, more than the ${megabytes(limit)} that fit on ${branch.title}; it would be kept in ${store.title}, where nobody else can read it`,
    hint: "nothing was written. Make the model smaller, e.g. with fewer trees or narrower layers, or name a store in mergeml.yaml that other machines can read",
  });
}

/**
 * Reads a version's model, so that no pointer names bytes that are not there, and gives what must be written beside the pointer
 * for others to read it, too: the model itself, when only this machine's store has it. Throws UserError when it is too large.
 */
export async function secureModel(
  writer: Placing & Pick<Writer, "git">,
  snapshot: Snapshot & { tip: string },
  { model, version, files }: VersionRecord,
): Promise<FileChange[]> {
  const bytes = await snapshot.modelBytes(model, version);
  if (files[referenceFile] === undefined || isReadableWith(await writer.branch(), writer.store)) return [];
  const path = `${versionFolder(model, version)}/${modelFile}`;
  if (await hasFile(writer.git, snapshot.tip, path)) return [];
  const refusal = await refuseModel(writer, model, bytes.length);
  if (refusal) throw refusal;
  return [{ path, content: bytes }];
}

/** Whether who reads the branch can read the store. A branch of this machine alone lasts as long as a folder beside it. */
function isReadableWith({ remote }: Branch, { durable }: Writer["store"]): boolean {
  return durable || remote === null;
}

function notReadBack({ store }: Placing, model: string): EnvironmentError {
  return new EnvironmentError(`${store.title} gave other bytes back than were put there, of model.onnx of ${model}`, {
    tried: "putting the model into the store and reading it back",
    safe: "The registry branch is as it was.",
  });
}

function megabytes(size: number): string {
  return `${(size / 1e6).toFixed(size < 10e6 ? 1 : 0)} MB`;
}
