import type { LiveArm } from "../../../pipelines/serving/live/look-at-log.ts";
import type {
  LastPrediction,
  LoadFailure,
  ModelFacts,
  ServedVersion,
  ServingFacts,
} from "../../../pipelines/serving/serving-facts.ts";
import { candidate, evaluation, metric, modelConfig, version } from "../../report/builders.ts";

export const now = new Date("2026-03-04T14:30:05.000Z");
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);

const judgedScores = evaluation({ metrics: [metric("rmse", { candidate: 29.52 })] });

/** A version that answers, with the changes that a case is about. */
export function servedVersion(name: string, number: number, changes: Partial<ServedVersion> = {}): ServedVersion {
  return {
    version: number,
    arm: "production",
    record: version(number, candidate(modelConfig(name)), judgedScores),
    share: null,
    since: "2026-03-04T14:12:00.000Z",
    by: "octocat",
    pull_request: 41,
    why: `promote(${name}): ${number - 1} -> ${number}`,
    requests: 21_672,
    rows: 43_344,
    failed: 0,
    requestsPerMinute: 1204,
    latency: { p50: 0.42, p90: 1.7, p99: 4 },
    ...changes,
  };
}

/** A flight that was answered so many seconds ago. */
function lastPrediction(seconds: number, changes: Partial<LastPrediction> = {}): LastPrediction {
  return {
    time: before(seconds),
    version: 5,
    arm: "production",
    key: `flight-${seconds}`,
    features: { distance: 1024.5, origin: "ATL", destination: null },
    prediction: 12.34567,
    probability: null,
    latency_ms: 0.42,
    ...changes,
  };
}

/** What the log says of a version whose predictions have this mean. */
function liveArm(number: number, mean: number): LiveArm {
  const predictions = { mean, sd: 4, p5: mean - 6, p50: mean, p95: mean + 7, p99: mean + 9 };
  const latency = { mean: 0.5, sd: 0.2, p5: 0.3, p50: 0.42, p95: 1.1, p99: 4 };
  return { version: number, rows: 21_600, failed: 0, keys: 21_600, latency, predictions, labels: [] };
}

export function modelFacts(name: string, changes: Partial<ModelFacts> = {}): ModelFacts {
  return { name, versions: [servedVersion(name, 5)], failures: [], undeployed: null, last: [], ...changes };
}

export function loadFailure(changes: Partial<LoadFailure> = {}): LoadFailure {
  return { version: 6, arm: "production", problem: "its hash is another", since: before(600), ...changes };
}

export function servingFacts(models: readonly ModelFacts[], changes: Partial<ServingFacts> = {}): ServingFacts {
  return {
    now,
    started: before(7200),
    tool: "0.1.0",
    registry: {
      address: "https://github.com/acme/models",
      branch: "registry",
      commit: "45e1451f0d3c4a5b6978e1d2c3b4a5968778695a",
      looked: before(3),
      problem: null,
    },
    models,
    log: { kept: 43_335, dropped: 9, problem: null },
    ...changes,
  };
}

/** A server on a bad day: one model well and challenged, one that failed to load, one taken out, a registry that is away. */
export function busyServer(): ServingFacts {
  const flights = modelFacts("flight-delay", {
    versions: [
      servedVersion("flight-delay", 5),
      servedVersion("flight-delay", 6, {
        arm: "shadow",
        requestsPerMinute: 1204,
        latency: { p50: 0.5, p90: 2, p99: 6 },
      }),
    ],
    drift: {
      outcome: "clean",
      persistent: "clean",
      window: { from: "2026-02-25T00:00:00.000Z", to: "2026-03-04T00:00:00.000Z" },
    },
    live: {
      looked: "2026-03-04T14:30:00.000Z",
      window: { from: "2026-03-04T09:14:00.000Z", to: "2026-03-04T14:30:00.000Z" },
      rows: 21_600,
      drift: { outcome: "clean", columns: ["carrier"] },
      trial: {
        production: liveArm(5, 12.1),
        challenger: liveArm(6, 11.8),
        agreement: { rows: 21_590, mean_difference: -0.3, mean_absolute_difference: 1.25, same_label: null },
      },
    },
    comparison: { metric: "rmse", direction: "min", difference: -0.3, low: -0.5, high: -0.1, rows: 8120 },
    last: Array.from({ length: 12 }, (_, i) => lastPrediction(i + 1)),
  });
  const prices = modelFacts("diamond-price", {
    versions: [servedVersion("diamond-price", 3, { since: "2026-02-10T09:05:00.000Z", why: null, pull_request: null })],
    failures: [
      loadFailure({ version: 4, problem: "model.onnx is not the model that was registered: its hash is another" }),
    ],
    drift: {
      outcome: "drift",
      persistent: "drift",
      window: { from: "2026-02-25T00:00:00.000Z", to: "2026-03-04T00:00:00.000Z" },
    },
    live: {
      looked: "2026-03-04T14:29:00.000Z",
      window: { from: "2026-02-25T14:29:00.000Z", to: "2026-03-04T14:29:00.000Z" },
      rows: 8120,
      drift: { outcome: "drift", columns: ["carat", "cut", "clarity", "color", "depth", "table", "prediction"] },
      trial: null,
    },
    last: [lastPrediction(9, { version: 3, key: null, prediction: "Ideal", probability: 0.8123 })],
  });
  const birds = modelFacts("bird-strike", {
    versions: [],
    undeployed: 'it was taken out of production by hubot: Revert "promote(bird-strike): 1"',
  });
  return servingFacts([birds, prices, flights], {
    registry: {
      ...servingFacts([]).registry,
      looked: before(190),
      problem: "github.com does not answer (tried for 30 s)",
    },
  });
}

/** Markup, a script's end, marks that turn a line around, and 500 characters, wherever others write. */
export function hostileServer(): ServingFacts {
  const image = '<img src=x onerror="document.title=1">';
  const end = "</script></style><script>document.title=1</script>";
  const turned = "\u202egnihtyna\u202c \u0645\u062b\u0627\u0644";
  const long = "x".repeat(500);
  const model = modelFacts("hostile", {
    versions: [servedVersion("hostile", 5, { by: image, why: end })],
    failures: [loadFailure({ problem: `${end} ${turned} ${long}` })],
    live: {
      looked: end,
      window: { from: image, to: end },
      rows: 1,
      drift: { outcome: "drift", columns: [image, end, turned, long] },
      trial: null,
    },
    last: [
      lastPrediction(1, {
        key: image,
        prediction: end,
        probability: 0.5,
        features: { [image]: end, [turned]: turned, [long]: long, constructor: "" },
      }),
    ],
  });
  const away = modelFacts("away", { versions: [], undeployed: `${image}${turned}` });
  return servingFacts([model, away], {
    registry: { ...servingFacts([]).registry, branch: image, address: end, problem: image },
    log: { kept: 1, dropped: 1, problem: end },
  });
}
