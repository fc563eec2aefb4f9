import type { UserError } from "../errors/expected-error.ts";
import type { Clock, Log } from "../ports/host.ts";
import { openBranch, tellElsewhere } from "./branch.ts";
import { type ChallengeResult, nameChallenger, stopChallenge, type Trial } from "./challenge.ts";
import { changeWorkflow } from "./change-workflow.ts";
import { fetchLeftOut, type Git } from "./git/git.ts";
import { isAncestor } from "./git/objects.ts";
import { type HistoryEntry, readHistory } from "./history.ts";
import { type Initialised, type InitOptions, initialise } from "./initialise.ts";
import { type ChangeMemory, type LastChange, readLastChanges, readPointerChanges } from "./pointer-changes.ts";
import { type PromoteOptions, type PromoteResult, promote } from "./promote.ts";
import { findRecords, listVersions } from "./read-records.ts";
import { adoptProved, type ProvedVersion, type RegisterInput, type RegisterResult, register } from "./register.ts";
import {
  type JudgedPromotion,
  type RollbackOptions,
  type RollbackResult,
  rollback,
  rollbackPromotion,
} from "./rollback.ts";
import { openSnapshot, type Snapshot } from "./snapshot.ts";
import { type Deployments, foldDeployments } from "./standing.ts";
import type { BlobStore } from "./stored-model.ts";
import type { RegistryTrust } from "./trust/trust-policy.ts";
import { type Verification, verify } from "./verify.ts";
import { pointerFile } from "./version-record.ts";
import { largestInGit, missingBranch, refuseModel, type Writer } from "./write-branch.ts";

export type { RegisterInput, RegisterResult };

interface RegistryOptions {
  git: Git;
  /** Name of the registry branch. */
  branch: string;
  clock: Clock;
  log: Log;
  /** For the wait between attempts; Math.random by default. */
  random?: () => number;
  /** The remote that has the truth, as `findRemote` says when left out; null keeps the registry on a local branch. */
  remote?: string | null;
  /** What fetches of the branch leave out; null, as when left out, for what the remote's settings say. */
  filter?: string | null;
  /** Keeps models that are too large for git. */
  store: BlobStore;
  /** Bytes above which a model goes to the store; 90 MB by default, and at most. */
  largestInGit?: number;
  /** Who must have signed what is read, and who signs what is written; nobody when left out. */
  trust?: RegistryTrust | undefined;
  /** Keeps what `since` found, so that the next call reads only newer commits. */
  memory?: ChangeMemory;
}

/**
 * The registry branch. Reads are of one commit (a snapshot) and checked; writes are whole or not at all, and safe beside
 * other writers. Failures are UserError (what you asked for), DamageError (the branch was tampered with) and GitError or
 * EnvironmentError (git, disk, network).
 */
export interface Registry {
  /**
   * The registry now. `fetch: false` takes what the last fetch saw, for answers that must be quick or offline; `history: false` is
   * for who will hardly ask how it came to be so. true is the default of both.
   */
  snapshot(options?: { fetch?: boolean; history?: boolean }): Promise<Snapshot>;
  /** The remote that has the branch; null: it is in this repository alone, and nobody else sees what is written to it. */
  remote(): Promise<string | null>;
  /** Creates the branch; of an existing one only a missing workflow is added. */
  init(options?: InitOptions): Promise<Initialised>;
  /** Adds a candidate as the next version, and promotes it when asked. A candidate that is a version already stays as it is. */
  register(input: RegisterInput): Promise<RegisterResult>;
  /** Why a model of so many bytes cannot be registered here; null when it can. */
  refuses(model: string, size: number): Promise<UserError | null>;
  /** Puts a registered version into production on purpose, once its model was read. */
  promote(model: string, version: number, options?: PromoteOptions): Promise<PromoteResult>;
  /** Names a registered version as the challenger of what is in production, once its model was read. */
  challenge(model: string, version: number, trial: Trial): Promise<ChallengeResult>;
  /** Ends the trial of the model's challenger. */
  stopChallenge(model: string): Promise<ChallengeResult>;
  /** Signs versions that were registered without a signature, once somebody has proved them. null: nothing was left to sign. */
  adopt(model: string, proved: readonly ProvedVersion[]): Promise<string | null>;
  /** Takes back the last promotion, or goes to a version, once the model that comes back was read. */
  rollback(model: string, options?: RollbackOptions): Promise<RollbackResult>;
  /** Takes back a promotion that live data speaks against; null when production has changed since it was judged. */
  rollbackPromotion(model: string, judged: JudgedPromotion): Promise<RollbackResult | null>;
  /** What happened to a model, newest first. */
  history(model: string, snapshot?: Snapshot): Promise<HistoryEntry[]>;
  /** What the changes of the model's production, or of another environment's pointer, amount to. */
  deployments(model: string, snapshot?: Snapshot, environment?: string): Promise<Deployments>;
  /** When each model's production last changed, and by whom; models that were never deployed are left out. */
  since(models: readonly string[], snapshot?: Snapshot): Promise<Map<string, LastChange>>;
  /** The version made from a definition, for `plan`. */
  findByDefinition(model: string, definition: string, snapshot: Snapshot): Promise<DefinitionMatch | null>;
  /** Changes the workflow on the branch. Returns the commit; null when there is none, or nothing to change. */
  changeWorkflow(message: string, change: (text: string) => string): Promise<string | null>;
  /** Checks the whole branch, or what came after a commit that was found sound. Throws EnvironmentError when there is none. */
  verify(options?: { since?: string | null }): Promise<Verification>;
  /** The first of these commits that the branch has, as last fetched; null when it has none of them. */
  firstOf(commits: readonly string[]): Promise<string | null>;
}

/** Opens the registry of a repository; nothing runs until a method is called. */
export function openRegistry(options: RegistryOptions): Registry {
  const { git, clock, log, store, remote, filter = null, random = Math.random } = options;
  const branch = openBranch({ git, name: options.branch, log, remote, filter });
  let fetched: string | null = null;
  const writer: Writer = {
    git,
    store,
    largestInGit: Math.min(options.largestInGit ?? largestInGit, largestInGit),
    clock,
    log,
    random,
    branch,
    trust: options.trust,
    identity: () => git.identity(),
    takeFetched: () => {
      const tip = fetched;
      fetched = null;
      return tip;
    },
  };
  let told = false;
  const snapshot: Registry["snapshot"] = async ({ fetch = true, history = true } = {}) => {
    const tip = await (await branch()).tip(fetch, { history });
    if (fetch) fetched = tip;
    const elsewhere = tip === null && !told ? await tellElsewhere(git, await branch()) : null;
    if (elsewhere) log.warn(elsewhere);
    told ||= elsewhere !== null;
    return openSnapshot(writer, tip);
  };
  const tipOf = async (given?: Snapshot) => (given ?? (await snapshot())).tip;
  return {
    snapshot,
    remote: async () => (await branch()).remote,
    init: (options) => initialise(writer, options),
    register: (input) => register(writer, input),
    refuses: (model, size) => refuseModel(writer, model, size),
    promote: (model, version, options) => promote(writer, model, version, options),
    challenge: (model, version, trial) => nameChallenger(writer, model, version, trial),
    adopt: (model, proved) => adoptProved(writer, model, proved),
    changeWorkflow: (message, change) => changeWorkflow(writer, message, change),
    stopChallenge: (model) => stopChallenge(writer, model),
    rollback: (model, options) => rollback(writer, model, options),
    rollbackPromotion: (model, judged) => rollbackPromotion(writer, model, judged),
    async history(model, given) {
      const tip = await tipOf(given);
      return tip === null ? [] : readHistory(git, tip, model);
    },
    async deployments(model, given, environment = "production") {
      const tip = await tipOf(given);
      const path = pointerFile(model, environment);
      return foldDeployments(tip === null ? [] : await readPointerChanges(git, tip, model, path));
    },
    async since(models, given) {
      const tip = await tipOf(given);
      return tip === null ? new Map() : readLastChanges(git, tip, models, options.memory);
    },
    findByDefinition: (model, definition, given) => findByDefinition(git, model, definition, given),
    async firstOf(commits) {
      const tip = await (await branch()).tip(false);
      for (const commit of tip === null ? [] : commits) if (await isAncestor(git, commit, tip!)) return commit;
      return null;
    },
    async verify({ since = null } = {}) {
      const { remote, tip: tipNow } = await branch();
      const tip = await tipNow(true);
      if (tip === null) throw missingBranch(await branch());
      if (remote !== null) await fetchLeftOut(git, remote, tip, since);
      return verify(writer, tip, since);
    },
  };
}

interface DefinitionMatch {
  version: number;
  /** It was in production once. */
  promotedBefore: boolean;
  /** A rollback took it out of production, and nothing has put it back since. */
  rolledBack: boolean;
}

/** The newest version made from this definition, whatever its data; one that was in production before others. null when there is none. */
async function findByDefinition(
  git: Git,
  model: string,
  definition: string,
  snapshot: Snapshot,
): Promise<DefinitionMatch | null> {
  if (snapshot.tip === null) return null;
  const versions = await listVersions(git, snapshot.tip, model);
  const found: number[] = [];
  await findRecords(git, versions, definition, ({ version, candidate }) => {
    if (candidate.definition === definition) found.push(version);
  });
  const [newest] = found;
  if (newest === undefined) return null;
  const { deployed, rolledBack } = foldDeployments(await readPointerChanges(git, snapshot.tip, model));
  const promoted = found.find((each) => deployed.has(each));
  const version = promoted ?? newest;
  return { version, promotedBefore: promoted !== undefined, rolledBack: rolledBack.has(version) };
}
