import type { RunRecord } from "../run-log/run-record.ts";
import { loggedRun, trainingsOf } from "./logged-run.ts";
import type { MirroredRuns, MirrorOptions } from "./mirror.ts";
import { mirrorExperiment, mirrorRun, tagOf } from "./mirror-run.ts";
import type { MlflowApi, MlflowRun } from "./mlflow-api.ts";
import { concernsAll, openServer } from "./open-server.ts";
import { mirrorTags, type RunFacts } from "./run-facts.ts";
import { parentTag } from "./trial-runs.ts";

/** New runs of one sync: each takes a handful of requests. */
const mostNewRuns = 1000;

export interface RunSelection {
  model?: string;
  signal?: AbortSignal;
  /** New runs to copy at most. */
  limit?: number;
}

/** Adds the runs of the run log that the server lacks, the newest first; one that it refuses does not keep the others away. */
export async function syncRuns(
  { log, runs, ...options }: MirrorOptions,
  { model, signal, limit = mostNewRuns }: RunSelection = {},
): Promise<MirroredRuns> {
  const { api } = openServer(options, signal);
  const read = await runs.read(model);
  const result: MirroredRuns = {
    created: 0,
    completed: 0,
    present: 0,
    left: 0,
    broken: read.broken.length,
    failed: [],
  };
  const byModel = Map.groupBy(trainingsOf(read.runs), (run) => run.model);
  for (const [name, trainings] of byModel) {
    try {
      const mirror: ModelRuns = { api, model: name, trainings, limit, result };
      await log.step(
        "mlflow",
        ({ update }) => addMissing(mirror, (done, of) => update(done / of, `${done}/${of}`)),
        (added) => `${name}: ${added > 0 ? `${added} of ${trainings.length} runs copied` : "no new runs"}`,
      );
    } catch (error) {
      if (concernsAll(error)) throw error;
      result.failed.push({ model: name, run: null, error: error as Error });
    }
  }
  return result;
}

interface ModelRuns {
  api: MlflowApi;
  model: string;
  trainings: readonly RunRecord[];
  limit: number;
  result: MirroredRuns;
}

/** Counts into `result` what became of one model's runs; gives how many were written. */
async function addMissing(
  { api, model, trainings, limit, result }: ModelRuns,
  progress: (done: number, of: number) => void,
): Promise<number> {
  const experiment = await mirrorExperiment(api, model);
  const there = presentByMark(await api.runs(experiment));
  const wanted = trainings.map((record) => ({ record, facts: loggedRun(record) }));
  const incomplete = wanted.filter(({ facts }) => !isWhole(there, facts));
  result.present += wanted.length - incomplete.length;
  const now = incomplete.slice(0, Math.max(0, limit - result.created - result.completed));
  result.left += incomplete.length - now.length;
  let written = 0;
  for (const [index, { record, facts }] of now.entries()) {
    try {
      const { created } = await mirrorRun(api, experiment, facts);
      result[created ? "created" : "completed"] += 1;
      written += 1;
    } catch (error) {
      if (concernsAll(error)) throw error;
      result.failed.push({ model, run: record.id, error: error as Error });
    }
    progress(index + 1, now.length);
  }
  return written;
}

/** What the server has of a run. */
interface Present {
  status: string;
  /** Runs of trials below it that have ended. */
  trials: number;
}

/** By the tags that can be a mark. */
function presentByMark(runs: readonly MlflowRun[]): Map<string, Present> {
  const below = Map.groupBy(
    runs.filter(({ info }) => info.status !== "RUNNING"),
    ({ data }) => tagOf(data?.tags, parentTag),
  );
  return new Map(
    runs.flatMap(({ info, data }) =>
      [mirrorTags.candidate, mirrorTags.run].flatMap((key): [string, Present][] => {
        const value = tagOf(data?.tags, key);
        const present = { status: info.status, trials: below.get(info.run_id)?.length ?? 0 };
        return value === undefined ? [] : [[`${key} ${value}`, present]];
      }),
    ),
  );
}

function isWhole(there: ReadonlyMap<string, Present>, { mark, trials }: RunFacts): boolean {
  const present = there.get(`${mark.key} ${mark.value}`);
  return present !== undefined && present.status !== "RUNNING" && present.trials >= trials.length;
}
