import { fewTrials } from "../candidate/search/draw-trials.ts";
import type { TrialRecord } from "../candidate/search/score-trial.ts";
import { canonicalJson, type Json, sha256 } from "../config/canonical-json.ts";
import type { ModelConfig, Task, Window } from "../config/model-config.ts";
import type { Direction } from "../evaluation/evaluation.ts";
import type { Outcome } from "../gate/verdict.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { matchNumbers } from "../statistics/format-number.ts";
import { evenlySpread, sparkBars } from "../statistics/spark-bars.ts";
import type { TrainingCurve } from "../training/trainer.ts";

/** The command that wrote the run. `register` adds the version to a candidate that was trained before. */
export type RunEvent = "train" | "run" | "register";

export interface RunMetric {
  metric: string;
  direction: Direction;
  candidate: number | null;
  production: number | null;
}

/** What the run was trained and scored on. */
interface RunData {
  window: Window | null;
  train: { fingerprint: string; rows: number };
  test: { fingerprint: string; rows: number };
}

/** One training, kept or lost, as the run log keeps it forever: small, and without anything that only the registry can vouch for. */
export interface RunRecord {
  format: 1;
  /** `r-` and 64 hex digits: the hash of all else in the record. */
  id: string;
  model: string;
  state: "trained" | "error";
  event: RunEvent;
  /** ISO, UTC, with milliseconds. */
  time: string;
  by: string;
  /** Commit of the models' repository, null outside one. */
  commit: string | null;
  dirty: boolean;
  task: Task;
  type: string;
  seed: number;
  params: Readonly<Record<string, Json>>;
  /** null when the training failed, like the fields up to `verdict`. */
  candidate: string | null;
  definition: string | null;
  data: RunData | null;
  /** The primary metric first. */
  metrics: readonly RunMetric[];
  verdict: { outcome: Outcome; summary: string } | null;
  /** Other candidates that its pull request judged on these test rows before; absent without any. */
  tried?: readonly string[];
  /** The registry version it became. */
  version: number | null;
  /** Of the training alone. */
  seconds: number;
  /** Of a search: what was tried, at most `mostTrials`, in the order in which they were drawn; older records have no numbers. */
  trials: readonly (TrialRecord & { number?: number })[];
  /** What the trials' scores measure; absent without a search, and from older records. */
  search_metric?: string;
  /** How the training went, in few points; absent from records of before it was kept. */
  curves?: readonly TrainingCurve[];
  /** Why the training failed. */
  error: string | null;
}

/** What the writer of a run knows beside the candidate. */
interface RunContext {
  event: RunEvent;
  time: Date;
  by: string;
}

const mostTrials = 200;
const longestText = 2000;

/** The run of a candidate that was trained and judged; `version` is the one it became, null when it was not registered. */
export function runRecordOf(
  { candidate, evaluation, verdict }: Pick<VersionRecord, "candidate" | "evaluation" | "verdict">,
  version: number | null,
  context: RunContext,
): RunRecord {
  const { config, train, test } = candidate;
  return sealRun({
    ...common(config, context),
    state: "trained",
    commit: candidate.commit,
    dirty: candidate.dirty,
    candidate: candidate.id,
    definition: candidate.definition,
    data: {
      window: config.features.window,
      train: { fingerprint: train.fingerprint, rows: train.rows },
      test: { fingerprint: test.fingerprint, rows: test.rows },
    },
    metrics: evaluation.metrics.map(({ metric, direction, candidate: own, production }) => ({
      metric,
      direction,
      candidate: own,
      production,
    })),
    verdict: { outcome: verdict.outcome, summary: verdict.summary.slice(0, longestText) },
    ...(evaluation.tried?.length && { tried: evaluation.tried }),
    version,
    seconds: candidate.train_seconds,
    trials: fewTrials(candidate.trials ?? [], mostTrials),
    ...(config.search && { search_metric: config.search.metric }),
    curves: shortCurves(candidate.curves),
    error: null,
  });
}

/** The run of a training that failed. */
export function failedRunOf(
  config: ModelConfig,
  error: string,
  { commit, dirty, ...context }: RunContext & { commit: string | null; dirty: boolean },
): RunRecord {
  return sealRun({
    ...common(config, context),
    state: "error",
    commit,
    dirty,
    candidate: null,
    definition: null,
    data: null,
    metrics: [],
    verdict: null,
    version: null,
    seconds: 0,
    trials: [],
    error: error.slice(0, longestText),
  });
}

/** The id that a record's content gives. */
export function runId(record: Omit<RunRecord, "id">): string {
  const { id: _, ...content } = record as RunRecord;
  return `r-${sha256(canonicalJson(content)).slice("sha256:".length)}`;
}

/** `20261121T082530123Z-<12 hex>.json`: a name that nobody else gives, and that sorts by time. */
export function runFileName({ time, id }: Pick<RunRecord, "time" | "id">): string {
  return `${time.replaceAll(/[-:.]/g, "")}-${id.slice(2, 14)}.json`;
}

/** Where a run lies on the branch. */
export function runPath(record: Pick<RunRecord, "model" | "time" | "id">): string {
  return `runs/${record.model}/${record.time.slice(0, 4)}/${runFileName(record)}`;
}

function common({ name, task, type, seed, params }: ModelConfig, { event, time, by }: RunContext) {
  return { format: 1 as const, model: name, event, time: time.toISOString(), by, task, type, seed, params };
}

/** Through JSON, so that what is hashed is what a reader gets: no undefined, no minus zero. */
function sealRun(content: Omit<RunRecord, "id">): RunRecord {
  const plain = JSON.parse(JSON.stringify(content)) as Omit<RunRecord, "id">;
  return { ...plain, id: runId(plain) };
}

/** Points of each curve, and curves, that a record keeps. */
const mostPoints = 50;
export const mostCurves = 6;

/** Curves short enough for a record that is kept forever: evenly spread points, the first and the last among them, of six digits. */
function shortCurves(curves: readonly TrainingCurve[]): TrainingCurve[] {
  return curves.slice(0, mostCurves).flatMap(({ metric, steps, values }) => {
    const points = values.flatMap((value, at) =>
      Number.isFinite(value) ? [[Math.round(steps[at] ?? at), value]] : [],
    );
    const kept = evenlySpread(points, mostPoints);
    if (kept.length === 0) return [];
    const [keptSteps, keptValues] = [kept.map(([step]) => step!), kept.map(([, value]) => shortNumber(value!))];
    return [{ metric: metric.slice(0, 200), steps: keptSteps, values: keptValues }];
  });
}

/** A curve as one line of a terminal's table: its name, steps, first and last value, and how it went between them. */
export function curveLine({ metric, steps, values }: TrainingCurve): string[] {
  const numbers = matchNumbers(values);
  const [first, last] = [values[0], values.at(-1)].map((value) => numbers.value(value ?? null));
  return [metric, `${steps[0] ?? 0} to ${steps.at(-1) ?? 0}`, first!, last!, sparkBars(values)];
}

function shortNumber(value: number): number {
  return Number(value.toPrecision(6));
}
