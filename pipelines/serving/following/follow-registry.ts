import { EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { Clock, Log } from "../../ports/host.ts";
import { readAllObjects } from "../../registry/git/objects.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import type { ReadChallenger } from "../served-model.ts";
import type { ModelTable, RegistryFacts, TableEntry } from "../serving-facts.ts";
import {
  bringIntoService,
  checkWanted,
  type PointerIds,
  readPointerIds,
  readReasons,
  type ServiceJob,
  versionFileIds,
} from "./bring-into-service.ts";
import type { RegistrySource } from "./registry-mirror.ts";

export interface FollowOptions {
  source: RegistrySource;
  table: ModelTable;
  /** Names of the models to serve; null: all that are in production. */
  wanted: readonly string[] | null;
  readChallenger: ReadChallenger;
  threads: ServiceJob["threads"];
  /** Milliseconds between two looks. */
  poll: number;
  clock: Clock;
  log: Log;
  /** Told of each entry that changed. */
  onChange(entry: TableEntry, before: TableEntry | undefined): void;
}

/** Keeps the table as the registry says. */
export interface Follower extends AsyncDisposable {
  /**
   * Loads what is in production, from the last good copy when the registry cannot be reached. Throws when there is neither, or
   * when a wanted model does not exist; then looks again and again.
   */
  start(): Promise<void>;
  /** Looks now, or once more when it is looking already: what moved meanwhile is seen. */
  wake(): void;
  facts(): RegistryFacts;
  /** The registry at the commit that is served; null before there is one. */
  snapshot(): Snapshot | null;
}

const nothingServed: PointerIds = { production: null, challenger: null };

/** Nothing runs before `start`. */
export function followRegistry(options: FollowOptions): Follower {
  const { source, table, clock, log } = options;
  const known = new Map<string, PointerIds>();
  const facts: RegistryFacts = {
    address: source.address,
    branch: source.branch,
    commit: null,
    looked: null,
    problem: null,
  };
  let timer: NodeJS.Timeout | undefined;
  let [isOver, again] = [false, false];
  let served: Snapshot | null = null;
  let looking: Promise<void> | null = null;
  let telling: Promise<void> = Promise.resolve();

  const reached = () => {
    if (facts.problem !== null) log.info(`${source.address} answers again`);
    facts.looked = clock.now();
    facts.problem = null;
  };
  const lost = (error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    if (facts.problem !== problem) log.warn(`the registry cannot be read, what is loaded goes on: ${problem}`);
    facts.problem = problem;
  };

  // What was loaded answers, also where this cannot be written down.
  const keep = (tip: string) =>
    source.keep(tip).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      log.warn(`a start without the registry would not find ${tip.slice(0, 7)}, which cannot be written down: ${why}`);
    });

  const apply = async (snapshot: Snapshot): Promise<void> => {
    const { tip } = snapshot;
    if (tip === null) throw noBranch(source);
    const ids = await readPointerIds(source.git, tip, source.environment);
    const names = options.wanted ?? [...new Set([...ids.keys(), ...known.keys()])];
    const changed = names.filter((name) => isStale(table.get(name), known.get(name), ids.get(name) ?? nothingServed));
    const bring = await bringAhead(source, tip, changed, ids);
    const entries: TableEntry[] = [];
    for (const name of changed) {
      const before = table.get(name);
      const { readChallenger, threads } = options;
      const now = () => clock.now();
      const job = {
        name,
        snapshot,
        environment: source.environment,
        readChallenger,
        threads,
        before,
        bringVersion: bring(name),
        now,
      };
      const entry = await orLastGood(await bringIntoService(job), job, source);
      // A model that was never deployed is nobody's business, unless it was asked for.
      if (entry.undeployed !== null && !before && options.wanted === null) {
        known.set(name, ids.get(name) ?? nothingServed);
        continue;
      }
      table.put(entry);
      known.set(name, ids.get(name) ?? nothingServed);
      options.onChange(entry, before);
      entries.push(entry);
    }
    facts.commit = tip;
    served = snapshot;
    if (table.all().every(({ failures }) => failures.length === 0)) await keep(tip);
    telling = telling.then(() => readReasons(source, tip, entries)).catch(() => undefined); // only says why
  };

  const look = async (): Promise<void> => {
    try {
      const tip = await source.tip();
      if (tip === null) throw noBranch(source);
      reached();
      if (tip === facts.commit && table.all().every(({ failures }) => failures.length === 0)) return;
      await apply(await source.fetch());
    } catch (error) {
      lost(error);
    }
  };
  const schedule = () => {
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(wake, options.poll);
  };
  const wake = () => {
    if (isOver) return;
    if (looking) {
      again = true;
      return;
    }
    looking = look().finally(() => {
      looking = null;
      if (again) {
        again = false;
        wake();
      } else schedule();
    });
  };

  return {
    async start() {
      const snapshot = await firstSnapshot(source, reached, lost);
      const { tip } = snapshot;
      if (tip === null) throw noBranch(source);
      if (options.wanted) await checkWanted(options.wanted, snapshot);
      await apply(snapshot);
      schedule();
    },
    wake,
    facts: () => ({ ...facts }),
    snapshot: () => served,
    async [Symbol.asyncDispose]() {
      isOver = true;
      clearTimeout(timer);
      await looking;
      await telling;
    },
  };
}

/** A model that nothing answers for, since what is new is broken, answers as it did when the registry was last served whole. */
async function orLastGood(entry: TableEntry, job: ServiceJob, source: RegistrySource): Promise<TableEntry> {
  if (entry.pair !== null || entry.failures.length === 0) return entry;
  const good = await source.lastGood();
  if (good.tip === null || good.tip === job.snapshot.tip) return entry;
  const before = await bringIntoService({ ...job, snapshot: good, bringVersion: async () => undefined });
  return before.pair === null ? entry : { ...entry, pair: before.pair };
}

/** The registry of now; the last good copy when it cannot be reached. */
async function firstSnapshot(
  source: RegistrySource,
  reached: () => void,
  lost: (error: unknown) => void,
): Promise<Snapshot> {
  try {
    const snapshot = await source.fetch();
    reached();
    return snapshot;
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const good = await source.lastGood();
    if (good.tip === null) throw unreachable(source, error);
    lost(error);
    return good;
  }
}

function isStale(entry: TableEntry | undefined, known: PointerIds | undefined, now: PointerIds): boolean {
  if (entry !== undefined && entry.failures.length > 0) return true;
  return known === undefined || known.production !== now.production || known.challenger !== now.challenger;
}

/** Brings the pointers of all changed models at once, then the versions in production; gives who brings another version. */
async function bringAhead(
  source: RegistrySource,
  tip: string,
  names: readonly string[],
  ids: ReadonlyMap<string, PointerIds>,
): Promise<(model: string) => (version: number) => Promise<void>> {
  const here = new Set<string>();
  const bring = async (files: readonly string[]) => {
    const missing = files.filter((file) => !here.has(file));
    if (missing.length > 0) await source.bring(missing);
    for (const file of missing) here.add(file);
  };
  const pointers = names.flatMap((model) => {
    const { production = null, challenger = null } = ids.get(model) ?? nothingServed;
    return [
      { model, file: production },
      { model, file: challenger },
    ].flatMap(({ file }) => (file ? [{ model, file }] : []));
  });
  await bring(pointers.map(({ file }) => file));
  const contents = await readAllObjects(
    source.git,
    pointers.map(({ file }) => file),
  );
  const versions = pointers.flatMap(({ model }, at) => {
    const version = versionNamed(contents[at]?.content);
    return version === null ? [] : [{ model, version }];
  });
  await bring(await versionFileIds(source.git, tip, versions));
  return (model) => async (version) => bring(await versionFileIds(source.git, tip, [{ model, version }]));
}

/** Only to fetch ahead: what a damaged pointer says is told where it is read and checked. */
function versionNamed(content: Uint8Array | undefined): number | null {
  try {
    const { version } = JSON.parse(Buffer.from(content ?? []).toString("utf8")) as { version?: unknown };
    return Number.isSafeInteger(version) ? Number(version) : null;
  } catch {
    return null;
  }
}

function noBranch({ address, branch }: RegistrySource): UserError {
  return new UserError({
    message: `${address} has no branch ${branch}, so there is no registry to serve`,
    hint: "create it there: mergeml init; or name another branch or repository: --branch, --registry",
  });
}

function unreachable({ address }: RegistrySource, cause: EnvironmentError): EnvironmentError {
  const message = `the registry ${address} cannot be read, and this machine has no copy of it that was served before: ${cause.message}`;
  return new EnvironmentError(message, { tried: cause.tried, safe: "nothing was changed" }, { cause });
}
