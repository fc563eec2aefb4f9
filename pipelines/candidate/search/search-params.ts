import { withChosenParams } from "../../config/chosen-params.ts";
import type { ModelConfig, SearchConfig } from "../../config/model-config.ts";
import type { DatasetStore, FeatureData } from "../../data/dataset-store.ts";
import { UserError } from "../../errors/expected-error.ts";
import type { Clock, Log, Step } from "../../ports/host.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import type { ProgramSource } from "../../training/trainer.ts";
import type { SharedSteps } from "../../workspace/shared-steps.ts";
import { foreseen } from "../foresee.ts";
import { drawTrials } from "./draw-trials.ts";
import { planRounds, type Round, rankTrials } from "./rounds.ts";
import type { Params, TrialJob, TrialRecord, TrialResult, TrialScore, TrialSetup } from "./score-trial.ts";
import { openTrialFiles, type TrialFiles, TrialWorker, validationCount } from "./trial-worker.ts";

/** What a search works with. */
export interface SearchContext {
  store: Pick<DatasetStore, "path">;
  /** Where the finished trials of this model lie. */
  folder: string;
  /** Whether finished trials are taken as they are. */
  reuse: boolean;
  /** Trials that other machines finished; null where none are taken or left. */
  shared: SharedSteps | null;
  threads: number;
  clock: Clock;
  log: Log;
}

/** What is searched: a config with a search block, on the data of its feature query. */
export interface SearchTask {
  config: ModelConfig & { search: SearchConfig };
  data: Pick<FeatureData, "train" | "features" | "classes">;
  trainerVersion: number;
  /** Where the program is that trains, for a type that runs one. */
  source?: ProgramSource;
}

interface SearchResult {
  /** Complete: those of model.yaml with the winner's in their place. */
  params: Params;
  trials: readonly TrialRecord[];
}

/** One job's part of the first round. */
export interface ShardResult {
  /** Where its results are; they belong into the same folder of the job that collects. */
  folder: string;
  /** Trials of this shard, and of the whole round. */
  trials: number;
  total: number;
}

/**
 * Trains every trial that is not finished yet and gives the best one's params. Trials learn from a part of the train split
 * and are scored on the rest of it, never on the test split: of many trials the luckiest on the test rows would win, and the
 * gate would judge it on those same rows.
 */
export async function searchParams(context: SearchContext, task: SearchTask): Promise<SearchResult> {
  const search = await openSearch(context, task);
  return context.log.step(
    "search",
    (step) => runRounds(context, search, step),
    ({ trials }) => describe(task.config.search, trials),
  );
}

/** Trains the share `index` of `of` of the first round's trials; with halving, the later rounds need all of it and are left to the collecting run. */
export async function searchShard(
  context: SearchContext,
  task: SearchTask,
  { index, of }: { index: number; of: number },
): Promise<ShardResult> {
  const search = await openSearch(context, task);
  const [first] = search.rounds;
  const share = [...search.drawn.keys()].filter((at) => at % of === index - 1);
  await context.log.step(
    `search ${index}/${of}`,
    (step) => runRound(context, search, { round: first!, trials: share }, step),
    () => `${share.length} of ${search.drawn.length} trials`,
  );
  return { folder: search.files.folder, trials: share.length, total: search.drawn.length };
}

interface Search extends SearchTask {
  setup: TrialSetup;
  drawn: readonly Params[];
  rounds: readonly Round[];
  files: TrialFiles;
}

async function openSearch({ store, folder, threads, shared }: SearchContext, task: SearchTask): Promise<Search> {
  const { config, data, trainerVersion, source } = task;
  const { search, seed, task: kind, type, params } = config;
  const { train, features, classes } = data;
  const { metric, validation, parallel, resource } = search;
  const share = Math.max(1, Math.floor(Math.min(threads, config.resources.threads) / parallel));
  const common = { task: kind, type, seed, metric, validation, threads: share, target: config.features.target };
  const setup = {
    parquet: await store.path(train.fingerprint),
    train,
    features,
    classes,
    ...common,
    ...(source && { source }),
  };
  const fitting = train.rows - validationCount(train.rows, validation);
  const drawn = drawTrials(search, seed);
  const rounds = planRounds(search, drawn.length, resource === "rows" ? fitting : Number(params[resource]));
  return { ...task, setup, drawn, rounds, files: openTrialFiles(folder, setup, trainerVersion, shared) };
}

async function runRounds(context: SearchContext, search: Search, step: Step): Promise<SearchResult> {
  const records: TrialRecord[] = search.drawn.map((params) => ({ params, score: null, seconds: 0 }));
  let left = [...search.drawn.keys()];
  for (const round of search.rounds) {
    const trials = left.slice(0, round.trials).sort((a, b) => a - b);
    const results = await runRound(context, search, { round, trials }, step);
    for (const [at, trial] of trials.entries()) records[trial] = advance(records[trial]!, results[at]!, round);
    left = rankTrials(search.config.search.metric, results).map((at) => trials[at]!);
  }
  const winner = left[0]!;
  requireScore(records[winner]!, records.length);
  records[winner] = { ...records[winner]!, winner: true };
  return { params: withChosenParams(search.config.params, search.drawn[winner]!), trials: records };
}

function advance({ params, seconds }: TrialRecord, result: TrialResult, { budget }: Round): TrialRecord {
  return { params, ...result, seconds: seconds + result.seconds, ...(budget !== null && { budget }) };
}

function requireScore({ score, problem }: TrialRecord, trials: number): void {
  if (score !== null) return;
  throw new UserError({
    message: `none of the ${trials} trials of the search could be scored: ${problem}`,
    hint: "change search.space, or the params that all trials share",
    key: "search",
  });
}

const shorter =
  "fewer search.trials, more search.parallel, method: halving, quicker params, or shares on other machines (mergeml train --shard)";

/** The results of some trials in one round, in the order of `trials`: finished ones are read, the others trained. */
async function runRound(
  { reuse, clock, log }: SearchContext,
  search: Search,
  { round, trials }: { round: Round; trials: readonly number[] },
  step: Step,
): Promise<TrialResult[]> {
  const { files, setup, config } = search;
  const jobs = trials.map((trial) => jobOf(search, search.drawn[trial]!, round));
  const results = await Promise.all(jobs.map(async (job) => (reuse ? files.read(job) : null)));
  const missing = [...jobs.keys()].filter((at) => results[at] === null);
  let done = jobs.length - missing.length;
  const foresight = { clock, log, shorter, done: done / jobs.length };
  const foreseenStep = foreseen(step, foresight);
  const limits = { parallel: config.search.parallel, minutes: config.resources.timeout_minutes };
  const queue = missing.map((at) => jobs[at]!);
  await runJobs(setup, queue, limits, async (place, train) => {
    const started = clock.now().getTime();
    const score = await train();
    const result = { ...score, seconds: (clock.now().getTime() - started) / 1000 };
    results[missing[place]!] = result;
    await files.write(queue[place]!, result);
    done += 1;
    foreseenStep.update(done / jobs.length, progress(done, jobs.length, config.search.metric, result));
  });
  return results.map((result) => result!);
}

function jobOf({ config }: Search, drawn: Params, { budget }: Round): TrialJob {
  const { resource } = config.search;
  const params = withChosenParams(config.params, drawn);
  if (budget === null) return { params, rows: null };
  return resource === "rows" ? { params, rows: budget } : { params: { ...params, [resource]: budget }, rows: null };
}

function progress(done: number, of: number, metric: string, { score, problem }: TrialResult): string {
  return `${done}/${of}  ${score === null ? problem : `${metric} ${formatNumber(score)}`}`;
}

function describe({ metric }: SearchConfig, trials: readonly TrialRecord[]): string {
  const winner = trials.find((trial) => trial.winner);
  const chosen = Object.entries(winner?.params ?? {}).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${trials.length} trials  ${metric} ${formatNumber(winner?.score ?? Number.NaN)}  ${chosen.join(", ")}`;
}

/** What a pool of processes may use. */
interface JobLimits {
  parallel: number;
  /** Of one trial. */
  minutes: number;
}

/**
 * Trains the jobs in up to `parallel` processes; `work` is called for each with how to train it. The first error that is not
 * a trial's own ends all of them. Results depend on the job alone, so neither on the processes nor on who was first.
 */
export async function runJobs(
  setup: TrialSetup,
  jobs: readonly TrialJob[],
  { parallel, minutes }: JobLimits,
  work: (at: number, train: () => Promise<TrialScore>) => Promise<void>,
): Promise<void> {
  await using workers = new AsyncDisposableStack();
  const queue = jobs.entries();
  const failed = Promise.withResolvers<never>();
  const lines = Array.from({ length: Math.min(parallel, jobs.length) }, async () => {
    const worker = workers.use(new TrialWorker(minutes));
    await worker.open(setup);
    for (const [at, job] of queue) await work(at, () => worker.run(job));
  });
  for (const line of lines) line.catch(failed.reject);
  await Promise.race([Promise.all(lines), failed.promise]);
}
