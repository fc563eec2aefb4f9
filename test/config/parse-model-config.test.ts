import { expect, test } from "vitest";
import { canonicalJson } from "../../pipelines/config/canonical-json.ts";
import { modelParser, parseModelConfig } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText, smallText } from "./example-model.ts";

const parse = modelParser(exampleParts);
const context = exampleParts;

test("the design's example is complete and without problems", () => {
  const { config, problems } = parseModelConfig(exampleText, "models/flight-delay/model.yaml", {
    ...context,
    folder: "flight-delay",
  });
  expect(problems).toEqual([]);
  expect(config).toEqual({
    name: "flight-delay",
    description: "Minutes by which a flight will be late",
    owner: "@octo-org/ops",
    task: "regression",
    type: "gradient-boosting",
    seed: 42,
    params: { trees: 200, learning_rate: 0.1, max_leaves: 31, loss: "squared" },
    search: null,
    features: {
      engine: "duckdb",
      query: "features.sql",
      window: { start: "2001-01-01", end: "2001-04-01" },
      key: ["flight_id"],
      target: "delay",
      time: "departed_at",
      split: { by: "time", test: 0.2 },
      checks: [
        { column: "distance", not_null: true, between: [0, 6000], mostly: 1, severity: "block" },
        { column: "origin", distinct_count: { max: 400 }, mostly: 1, severity: "warn" },
        { rows: { min: 10000 }, mostly: 1, severity: "block" },
      ],
    },
    thresholds: {
      primary: "rmse",
      first_deploy: { rmse: { max: 35 } },
      retrain: { mode: "point", margin: null, confidence: 0.95 },
      always: { mae: { max: 18 } },
      slices: [{ by: "origin", metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 200 }],
      naive: "block",
      allow_breaking: false,
      min_test_rows: 30,
      waive: [],
    },
    drift: {
      window: "7d",
      query: null,
      label_delay: "0d",
      label_share: 0.8,
      min_rows: 200,
      on_drift: "issue",
      share: 0.3,
      persist: "2 of 3",
      method: "calibrated",
    },
    retrain: { window: "expanding", schedule: "never" },
    rollback: null,
    resources: { runner: "ubuntu-latest", timeout_minutes: 60, memory_gb: 4, threads: 2 },
  });
});

test("the least that makes a model is filled up with defaults", () => {
  expect(parse(smallText, "model.yaml").config).toEqual({
    name: "tiny",
    description: "",
    owner: null,
    task: "classification",
    type: "linear",
    seed: 0,
    params: { l2: 1 },
    search: null,
    features: {
      engine: "duckdb",
      query: "features.sql",
      window: null,
      key: [],
      target: "damage",
      time: null,
      split: { by: "key", test: 0.2 },
      checks: [],
    },
    thresholds: {
      primary: "log_loss",
      first_deploy: { log_loss: { max: 0.5 } },
      retrain: { mode: "point", margin: null, confidence: 0.95 },
      always: {},
      slices: [],
      naive: "block",
      allow_breaking: false,
      min_test_rows: 30,
      waive: [],
    },
    drift: {
      window: "7d",
      query: null,
      label_delay: "0d",
      label_share: 0.8,
      min_rows: 200,
      on_drift: "issue",
      share: 0.3,
      persist: "2 of 3",
      method: "calibrated",
    },
    retrain: { window: "expanding", schedule: "never" },
    rollback: null,
    resources: { runner: "ubuntu-latest", timeout_minutes: 60, memory_gb: 4, threads: 2 },
  });
});

test.each([exampleText, smallText])("a resolved config survives the trip through canonical JSON", (text) => {
  const { config } = parse(text, "model.yaml");
  expect(JSON.parse(canonicalJson(config))).toEqual(config);
});

test.each([
  [
    "a key as a list",
    "  target: damage",
    "  target: damage\n  key: [carrier, flight]",
    "features.key",
    ["carrier", "flight"],
  ],
  [
    "a share of a metric",
    "  primary: log_loss",
    "  primary: log_loss\n  retrain: { mode: non-inferior, margin: 0.5% }",
    "thresholds.retrain.margin",
    { relative: 0.005 },
  ],
  [
    "an amount of a metric",
    "  primary: log_loss",
    "  primary: log_loss\n  retrain: { mode: non-inferior, margin: 0.5 }",
    "thresholds.retrain.margin",
    { absolute: 0.5 },
  ],
  [
    "a slice's metric is the primary one",
    "  primary: log_loss",
    "  primary: log_loss\n  slices: [{ by: x, max_regression: 7% }]",
    "thresholds.slices",
    [{ by: "x", metric: "log_loss", max_regression: { relative: 0.07 }, min_rows: 100 }],
  ],
  [
    "a quoted date",
    "  target: damage",
    '  target: damage\n  window: { start: "2001-01-01", end: 2001-01-01T00:00:01Z }',
    "features.window",
    { start: "2001-01-01", end: "2001-01-01T00:00:01Z" },
  ],
  ["an empty block of checks", "  target: damage", "  target: damage\n  checks: []", "features.checks", []],
  [
    "text in a block scalar",
    "name: tiny",
    "name: tiny\ndescription: |\n  two\n  lines\n",
    "description",
    "two\nlines\n",
  ],
  ["Windows line ends", "name: tiny\n", "name: tiny\r\nseed: 3\r\n", "seed", 3],
  ["a byte order mark", "name: tiny", "\ufeffname: tiny", "name", "tiny"],
  ["a start of a document", "name: tiny", "---\nname: tiny", "name", "tiny"],
  ["a hexadecimal seed", "name: tiny", "name: tiny\nseed: 0x2A", "seed", 42],
])("%s", (_title, from, to, path, value) => {
  const { config, problems } = parse(smallText.replace(from, to), "model.yaml");
  expect(problems).toEqual([]);
  expect(path.split(".").reduce((parent: unknown, key) => (parent as Record<string, unknown>)[key], config)).toEqual(
    value,
  );
});

test.each([
  ["a schedule", "retrain: { schedule: weekly }", "9:22 retrain.schedule is weekly"],
  ["pull requests on drift", "drift: { on_drift: pull-request }", "9:20 drift.on_drift is pull-request"],
])("%s needs a window to move", (_title, block, said) => {
  const { problems } = parse(smallText + block, "model.yaml");
  expect(problems.map(({ message, where }) => `${where?.line}:${where?.column} ${message}`)).toEqual([
    expect.stringContaining(`${said}, but features.window is missing`),
  ]);
});

test("every problem of a file is told at once, in the order of the lines", () => {
  const text = exampleText
    .replace("trees: 200", "tres: 200")
    .replace("[0, 6000]", "[6000, 0]")
    .replace("always: { mae", "always: { f1")
    .replace("schedule: never", "schedule: dayly")
    .replace("  target: delay\n", "");
  const { config, problems } = parse(text, "model.yaml", "flight-delay");
  expect(config).toBeNull();
  expect(problems.map(({ key, where }) => `${where?.line} ${key}`)).toEqual([
    "8 params.tres",
    "9 features.target",
    "17 features.checks[0].between",
    "24 thresholds.always.f1",
    "27 retrain.schedule",
  ]);
});

test("a problem carries the line's text and what to underline", () => {
  const { problems } = parse(exampleText.replace("seed: 42", "seed: many"), "models/x/model.yaml", "flight-delay");
  expect(problems).toEqual([
    {
      message: 'seed must be a whole number from 0 to 4294967295, not "many"',
      key: "seed",
      severity: "error",
      where: { file: "models/x/model.yaml", line: 7, column: 7, length: 4, lineText: "seed: many" },
    },
  ]);
});

test("a thousand problems are told as a hundred", () => {
  const { problems } = parse(
    `${Array.from({ length: 1000 }, (_, index) => `key_${index}: 1`).join("\n")}\n`,
    "model.yaml",
  );
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message).toBe("there are more problems in this file; the first 100 are shown");
});

test.each([
  ["a value", ["features", "window", "end"], 12, 37],
  ["an item of a list", ["features", "checks", 1, "distinct_count"], 19, 41],
  ["a block, by its key", ["features"], 9, 1],
  ["a key that is not there, by its block", ["thresholds", "waive", 0], 21, 1],
  ["the whole file", [], 2, 1],
])("finds the place of %s", (_title, path, line, column) => {
  const { locate } = parse(exampleText, "model.yaml");
  expect(locate(path)).toMatchObject({ file: "model.yaml", line, column });
});

test("defaults lie under the model's own keys", () => {
  const defaults = {
    seed: 7,
    resources: { threads: 8, memory_gb: 16 },
    thresholds: { always: { brier: { max: 0.2 } } },
  };
  const { config } = parseModelConfig(`${smallText}resources: { threads: 1 }\n`, "model.yaml", {
    ...context,
    defaults,
  });
  expect(config?.seed).toBe(7);
  expect(config?.resources).toEqual({ runner: "ubuntu-latest", timeout_minutes: 60, memory_gb: 16, threads: 1 });
  expect(config?.thresholds.always).toEqual({ brier: { max: 0.2 } });
});

test("a problem that defaults bring says so", () => {
  const defaults = { thresholds: { always: { rmse: { max: 1 } } } };
  const { problems } = parseModelConfig(smallText, "model.yaml", { ...context, defaults });
  expect(problems.map(({ message }) => message)).toEqual([
    "thresholds.always.rmse is a metric of regression; this model does classification (from defaults in mergeml.yaml)",
  ]);
});
