import { didYouMean, EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { Git } from "../../registry/git/git.ts";
import { readCommits } from "../../registry/git/log.ts";
import { parseTree, readAllObjects } from "../../registry/git/objects.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import { modelFile, referenceFile } from "../../registry/stored-model.ts";
import { isModelName, pointerFile, recordFile, versionFolder } from "../../registry/version-record.ts";
import { loadModel } from "../model/load-model.ts";
import type { Arm, Placement, ReadChallenger, ServedChallenger, ServedModel } from "../served-model.ts";
import type { LoadFailure, TableEntry } from "../serving-facts.ts";
import { loadShadow } from "../shadow/load-shadow.ts";
import type { ScoringThreads } from "../threads/scoring-threads.ts";
import type { RegistrySource } from "./registry-mirror.ts";

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

/** Throws UserError that names every wanted model that the registry has not, and what it has. */
export async function checkWanted(wanted: readonly string[], snapshot: Snapshot): Promise<void> {
  const models = await snapshot.models();
  const problems = wanted
    .filter((name) => !models.includes(name))
    .map((name) => {
      const meant = didYouMean(name, models);
      const has =
        models.length === 0 ? "it has none yet: mergeml run <model>" : `it has: ${models.slice(0, 20).join(", ")}`;
      return { message: `--models: the registry has no model ${name}`, hint: meant ? `did you mean ${meant}?` : has };
    });
  if (problems.length > 0) throw new UserError(problems);
}

/** What a model's folder says of who answers, as git's ids: equal ids are the same files. null: there is no such file. */
export interface PointerIds {
  production: string | null;
  challenger: string | null;
}

/** The pointers of all models at a commit, without reading one of them: a commit of two hundred models takes two questions. */
export async function readPointerIds(
  git: Git,
  tip: string,
  environment = "production",
): Promise<Map<string, PointerIds>> {
  const [folder] = await readAllObjects(git, [`${tip}:models`]);
  const models = folder?.type === "tree" ? parseTree(folder).filter(({ name }) => isModelName(name)) : [];
  const trees = await readAllObjects(
    git,
    models.map(({ oid }) => oid),
  );
  return new Map(
    models.flatMap(({ name }, at) => {
      const tree = trees[at];
      if (tree?.type !== "tree") return [];
      const ids = new Map(parseTree(tree).map((entry) => [entry.name, entry.oid]));
      const production = ids.get(`${environment}.json`) ?? null;
      // A challenger is tried beside what is in production, and nowhere else.
      const challenger = environment === "production" ? (ids.get("challenger.json") ?? null) : null;
      return [[name, { production, challenger }] as const];
    }),
  );
}

/** Ids of the files that loading these versions reads. */
export async function versionFileIds(
  git: Git,
  tip: string,
  versions: readonly { model: string; version: number }[],
): Promise<string[]> {
  const folders = versions.map(({ model, version }) => `${tip}:${versionFolder(model, version)}`);
  const needed = [recordFile, modelFile, referenceFile];
  return (await readAllObjects(git, folders)).flatMap((tree) =>
    tree?.type === "tree" ? parseTree(tree).flatMap(({ name, oid }) => (needed.includes(name) ? [oid] : [])) : [],
  );
}

/** Writes down why each model is what it is: the subject of the commit that last changed its pointer, and who wrote it. */
export async function readReasons(
  { git, environment }: Pick<RegistrySource, "git" | "environment">,
  tip: string,
  entries: readonly TableEntry[],
): Promise<void> {
  const wanted = new Map(entries.map((entry) => [pointerFile(entry.name, environment), entry]));
  if (wanted.size === 0) return;
  for await (const { subject, author, time, changes } of readCommits(git, { tip, paths: [...wanted.keys()] })) {
    for (const { path } of changes) {
      const entry = wanted.get(path);
      if (!entry) continue;
      wanted.delete(path);
      if (entry.pair) entry.pair.production.placement.why = subject;
      else if (entry.undeployed !== null)
        entry.undeployed = `${entry.name} was taken out of ${environment} by ${author} at ${time}: ${subject}`;
    }
    if (wanted.size === 0) return;
  }
}
