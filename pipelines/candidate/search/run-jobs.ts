import type { TrialSetup } from "./score-trial.ts";
import type { TrialJob, TrialScore } from "./trial.ts";
import { TrialWorker } from "./trial-worker.ts";

/** What a pool of processes may use. */
export interface JobLimits {
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
