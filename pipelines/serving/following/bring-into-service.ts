import { EnvironmentError } from "../../errors/environment-error.ts";
import { UserError } from "../../errors/user-error.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import type { Arm } from "../answered-request.ts";
import { loadModel } from "../model/load-model.ts";
import type { TableEntry } from "../model-table.ts";
import type { ReadChallenger, ServedChallenger } from "../router.ts";
import type { Placement, ServedModel } from "../served-model.ts";
import type { LoadFailure } from "../serving-facts.ts";
import { loadShadow } from "../shadow/load-shadow.ts";
import type { ScoringThreads } from "../threads/scoring-threads.ts";

/** Loads what one commit of the registry says of one model. */
export interface ServiceJob {
  name: string;
  snapshot: Snapshot;
  environment: string;
  readChallenger: ReadChallenger;
  /** Where large batches are scored. */
  threads: ScoringThreads;
  /** What answers now: it goes on when the new one cannot be loaded, and is taken over where it is the same version. */
  before: TableEntry | undefined;
  /** Brings the files of a version to this machine. */
  bringVersion(version: number): Promise<void>;
  now(): Date;
}

/** The entry that takes the place of the one before. Never throws: what could not be loaded is told in it. */
export async function bringIntoService(job: ServiceJob): Promise<TableEntry> {
  const { name, before } = job;
  const failures: LoadFailure[] = [];
  const fail = (arm: Arm, version: number | null, error: unknown) => {
    const problem = inWords(error);
    const same = before?.failures.find((each) => each.arm === arm && each.problem === problem);
    failures.push(same ?? { version, arm, problem, since: job.now() });
  };
  let named: number | null = null;
  try {
    const pointer = await job.snapshot.production(name);
    if (pointer === null)
      return { name, pair: null, undeployed: `${name} has nothing in ${job.environment}`, failures };
    named = pointer.version;
    const placement = { by: pointer.by, since: pointer.since, pull_request: pointer.pull_request, why: null };
    const production = await loadVersion(job, pointer.version, placement);
    const challenger = await loadChallenger(job, production, fail);
    return { name, pair: { production, challenger }, undeployed: null, failures };
  } catch (error) {
    fail("production", named, error);
    return { name, pair: before?.pair ?? null, undeployed: null, failures };
  }
}

async function loadChallenger(
  job: ServiceJob,
  production: ServedModel,
  fail: (arm: Arm, version: number | null, error: unknown) => void,
): Promise<ServedChallenger | null> {
  let named: number | null = null;
  let arm: Arm = "challenger";
  try {
    const choice = await job.readChallenger(job.snapshot, job.name);
    if (choice === null || choice.version === production.version) return null;
    const { version, share, ...placement } = choice;
    named = version;
    arm = share === null ? "shadow" : "challenger";
    return { model: await loadVersion(job, version, placement, share === null), share };
  } catch (error) {
    fail(arm, named, error);
    return null;
  }
}

/** The version that is loaded already, with its placement of now; else its bytes are compared with its record, and it is loaded. */
async function loadVersion(
  job: ServiceJob,
  version: number,
  placement: Placement,
  isShadow = false,
): Promise<ServedModel> {
  const { name, snapshot, before } = job;
  const loaded = isShadow ? shadowOf(before) : answeringOf(before, version);
  await job.bringVersion(version);
  const record = await snapshot.trusted(name, version);
  if (loaded?.record.digest === record.digest && loaded.placement.since === placement.since) return loaded;
  const bytes = await snapshot.modelBytes(name, version);
  return isShadow ? loadShadow(record, bytes, placement) : loadModel(record, bytes, placement, job.threads);
}

/** The shadow has a thread of its own, which nothing that answers takes over. */
function shadowOf(before: TableEntry | undefined): ServedModel | undefined {
  const challenger = before?.pair?.challenger;
  return challenger?.share === null ? challenger.model : undefined;
}

function answeringOf(before: TableEntry | undefined, version: number): ServedModel | undefined {
  const { production, challenger } = before?.pair ?? {};
  const answering = challenger && challenger.share !== null ? [production, challenger.model] : [production];
  return answering.find((each) => each?.version === version);
}

function inWords(error: unknown): string {
  if (error instanceof UserError || error instanceof EnvironmentError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
