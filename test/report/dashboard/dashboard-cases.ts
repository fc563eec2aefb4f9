import type { DashboardFacts, DashboardModel, ListedVersion } from "../../../pipelines/report/dashboard/data-pages.ts";
import type { RunRecord } from "../../../pipelines/run-log/run-record.ts";
import type { DriftPoint } from "../../../pipelines/watch/drift/model-drift.ts";

const built = "2026-11-28T01:00:00.000Z";

function day(at: number): string {
  return new Date(Date.UTC(2026, 0, 1) + at * 3_600_000).toISOString();
}

function listedVersion(version: number, change: Partial<ListedVersion> = {}): ListedVersion {
  const rmse = 30 - 4 * (1 - 1 / version) + Math.sin(version) / 3;
  return {
    version,
    registered: day(version),
    by: "octocat",
    pull_request: 40 + version,
    metric: "rmse",
    value: rmse,
    metrics: { rmse, mae: rmse / 2 },
    type: "gradient-boosting",
    seed: 42,
    params: { trees: 100 + version, learning_rate: 0.1 },
    candidate: `c-${String(version).padStart(64, "0")}`,
    commit: "4be91c2000000000000000000000000000000000",
    train: { fingerprint: `fp:train${version % 3}`, rows: 1_108_433 },
    test: { fingerprint: `fp:test${version % 3}`, rows: 369_478 },
    window: { start: "2001-01-01", end: "2001-04-01" },
    features: ["distance", "hour", "origin"],
    views: ["airports"],
    verdict: "pass",
    summary: `rmse ${rmse.toFixed(2)} is better than production's on the same 369,478 test rows`,
    ...change,
  };
}

function loggedRun(at: number, change: Partial<RunRecord> = {}): RunRecord {
  return {
    format: 1,
    id: `r-${String(at).padStart(64, "0")}`,
    model: "flight-delay",
    state: "trained",
    event: "train",
    time: day(at / 10),
    by: at % 2 === 0 ? "octocat" : "hubot",
    commit: null,
    dirty: false,
    task: "regression",
    type: "gradient-boosting",
    seed: 42,
    params: { trees: at, learning_rate: 0.1 },
    candidate: `c-${String(at).padStart(64, "0")}`,
    definition: null,
    data: null,
    metrics: [{ metric: "rmse", direction: "min", candidate: 30 + Math.sin(at), production: 30 }],
    verdict: { outcome: at % 3 === 0 ? "pass" : "fail", summary: "" },
    version: null,
    seconds: 2,
    trials: [],
    error: null,
    ...change,
  };
}

const trials = Array.from({ length: 30 }, (_, at) => ({
  params: { learning_rate: 0.02 + 0.01 * (at % 10), max_leaves: 8 + ((at * 7) % 40), l2: at % 4 },
  score: 29 + Math.cos(at),
  seconds: 1,
  ...(at === 3 && { winner: true as const }),
}));

const windows: DriftPoint[] = Array.from({ length: 6 }, (_, at) => ({
  from: day(at * 168),
  to: day((at + 1) * 168),
  outcome: at > 3 ? "drift" : "clean",
  rows: 10_000,
  prediction: { column: "prediction", distance: 0.03 + at * 0.02, limit: 0.1 },
  share: at / 10,
  metric: { metric: "rmse", value: 29 + at / 2, low: 28 + at / 2, high: 30 + at / 2, rows: 9_000 },
}));

export function dashboardModel(model: string, change: Partial<DashboardModel> = {}): DashboardModel {
  const versions = change.versions ?? [1, 2, 3, 4, 5].map((each) => listedVersion(each));
  const last = versions.at(-1);
  return {
    status: {
      model,
      production: last?.version ?? null,
      since: last?.registered ?? null,
      metric: last?.metric ?? null,
      value: last?.value ?? null,
      by: "octocat",
      pull_request: 45,
      automatic: null,
      drift: null,
      next: "unchanged",
      detail: "",
    },
    owner: "@octo-org/ops",
    description: "Minutes by which a flight will be late",
    versions,
    moves: versions.toReversed().map(({ version, registered, by }) => ({
      time: registered,
      by,
      what: `promote(${model}): ${version - 1} -> ${version}`,
      commit: "9be1c04",
    })),
    runs: [],
    windows: [],
    ...change,
  };
}

/** A few models in every state. */
export function fewModels(): DashboardFacts {
  const drifting = dashboardModel("flight-delay", {
    windows,
    runs: [
      loggedRun(900, { trials, search_metric: "rmse" }),
      ...Array.from({ length: 8 }, (_, at) => loggedRun(800 - at)),
    ],
  });
  const undeployed = dashboardModel("bird-strike", { versions: [], moves: [] });
  return facts([
    dashboardModel("diamond-price", {
      status: { ...dashboardModel("diamond-price").status, environments: { staging: 6, canary: null } },
    }),
    {
      ...drifting,
      status: { ...drifting.status, drift: { outcome: "drift", persistent: "drift", window: windows[5]! } },
    },
    {
      ...undeployed,
      status: { ...undeployed.status, by: null, pull_request: null, next: "new", detail: "nothing in production" },
    },
    dashboardModel("penguins", {
      status: { ...dashboardModel("penguins").status, next: "held", detail: "v4 was rolled back" },
    }),
  ]);
}

/** One model with as much as there may be. */
export function longModel(versions: number, runs: number): DashboardFacts {
  return facts([
    dashboardModel("flight-delay", {
      versions: Array.from({ length: versions }, (_, at) => listedVersion(at + 1)),
      runs: Array.from({ length: runs }, (_, at) => loggedRun(runs - at)),
      moves: [],
    }),
  ]);
}

/** A model of which everything that can be is `text`. */
export function hostileDashboard(text: string): DashboardFacts {
  const version = (at: number) =>
    listedVersion(at, {
      by: text,
      summary: text,
      views: [text],
      features: [text],
      params: { [text]: text },
      verdict: text,
      type: text,
      candidate: text,
      commit: text,
      metrics: { [text]: at },
      window: { start: text, end: text },
      train: { fingerprint: text, rows: 1 },
    });
  const model = dashboardModel("hostile", {
    owner: text,
    description: text,
    versions: [version(1), version(2)],
    runs: [1, 2].map((at) =>
      loggedRun(at, {
        by: text,
        type: text,
        params: { [text]: text },
        trials: [
          { params: { [text]: 1 }, score: 1, seconds: 1 },
          { params: { [text]: 2 }, score: 2, seconds: 1 },
        ],
      }),
    ),
  });
  return facts([
    {
      ...model,
      moves: [{ time: built, by: text, what: text, commit: "abc" }],
      status: { ...model.status, by: text, automatic: text, detail: text, next: "held" },
    },
  ]);
}

function facts(models: readonly DashboardModel[]): DashboardFacts {
  return { built, tip: "9be1c04", web: "https://forge.example/acme/models", models };
}
