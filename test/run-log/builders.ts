import { type RunRecord, runId } from "../../pipelines/run-log/run-record.ts";

/** A run as a train writes it; `changes` decide its id. */
export function makeRun(changes: Partial<Omit<RunRecord, "id">> = {}): RunRecord {
  const content: Omit<RunRecord, "id"> = {
    format: 1,
    model: "rent",
    state: "trained",
    event: "train",
    time: "2026-11-21T08:25:30.123Z",
    by: "Ada",
    commit: "a".repeat(40),
    dirty: false,
    task: "regression",
    type: "gradient-boosting",
    seed: 7,
    params: { trees: 10 },
    candidate: null,
    definition: `sha256:${"d".repeat(64)}`,
    data: {
      window: null,
      train: { fingerprint: `fp:${"1".repeat(32)}`, rows: 400 },
      test: { fingerprint: `fp:${"2".repeat(32)}`, rows: 200 },
    },
    metrics: [{ metric: "rmse", direction: "min", candidate: 30, production: null }],
    verdict: { outcome: "pass", summary: "rmse 30 is at most 200." },
    version: null,
    seconds: 1.5,
    trials: [],
    error: null,
    ...changes,
  };
  return { ...content, id: runId(content) };
}

/** The moment `minutes` after the first run's. */
export function minutesLater(minutes: number): string {
  return new Date(Date.parse("2026-11-21T08:25:30.123Z") + minutes * 60_000).toISOString();
}
