import { fewTrials, type NumberedTrial } from "../candidate/search/draw-trials.ts";
import type { TrialRecord } from "../candidate/search/score-trial.ts";
import { mlflowValue } from "./mlflow-names.ts";
import { flatParams, longestTag, metricPoints, mirrorTags, type RunFacts } from "./run-facts.ts";

/** The tag by which MLflow shows a run below another. */
export const parentTag = "mlflow.parentRunId";

/** Runs of trials below one candidate's: each takes a few requests of every deploy's time. */
const mostTrialRuns = 100;

/** What was tried, and by which metric; null where an old record of the run log does not say. */
export interface Tried {
  trials: readonly (TrialRecord & { number?: number })[];
  metric: string | null;
}

/** The run with those of its search's trials, which lie below it; all numbers of a trial are of the search's validation rows. */
export function withTrials(run: RunFacts, { trials, metric }: Tried): RunFacts {
  if (trials.length === 0) return run;
  const few = fewTrials(trials, mostTrialRuns);
  const told = few.length < trials.length ? `${trials.length}, of which ${few.length} are here` : String(trials.length);
  return {
    ...run,
    tags: { ...run.tags, "mergeml.trials": told },
    trials: few.map((trial) => trialRun(run, trial, `validation/${metric ?? "score"}`)),
  };
}

function trialRun({ model, started }: RunFacts, trial: NumberedTrial, metric: string): RunFacts {
  const { number, params, score, seconds, budget, problem, winner } = trial;
  const values = Object.entries({ [metric]: score, train_seconds: seconds, budget: budget ?? null });
  return {
    model,
    mark: { key: mirrorTags.trial, value: String(number) },
    name: `trial ${number}${winner ? " (chosen)" : ""}`,
    // Trials come before the training; when each of them ran was not kept.
    started: Math.max(0, started - Math.round(seconds * 1000)),
    ended: started,
    status: score === null ? "FAILED" : "FINISHED",
    params: flatParams(params),
    metrics: metricPoints(values, [], started),
    tags: {
      [mirrorTags.model]: model,
      ...(winner && { "mergeml.winner": "true" }),
      ...(problem && { "mergeml.error": mlflowValue(problem, longestTag) }),
    },
    trials: [],
  };
}
