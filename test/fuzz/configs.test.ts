import { expect, test } from "vitest";
import { canonicalJson, type Json } from "../../pipelines/config/canonical-json.ts";
import { definitionHash } from "../../pipelines/config/definition.ts";
import { describeChange } from "../../pipelines/config/describe-change.ts";
import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { repositoryParser } from "../../pipelines/config/parse-repository-config.ts";
import { composedSql, locateByte } from "../../pipelines/data/engines/engine.ts";
import { parseView } from "../../pipelines/data/features/load-views.ts";
import { composeQuery, unusableBody } from "../../pipelines/data/features/view-mentions.ts";
import type { Problem } from "../../pipelines/errors/expected-error.ts";
import { renderAnnotations, renderProblems } from "../../pipelines/errors/render-problems.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";
import { edited, fuzz, fuzzTimeout, pick, rarely } from "./cases.ts";
import { mutateYaml } from "./mutate-yaml.ts";

const whole = `name: x
description: "Everything a config can say"
owner: "@a/b"
task: regression
type: gradient-boosting
seed: 42
params: { trees: 10, learning_rate: 0.1, max_leaves: 31, loss: quantile, quantile: 0.4, monotone: { size: increasing } }
features:
  engine: duckdb
  query: features.sql
  window: { start: 2001-01-01, end: 2001-04-01 }
  key: [a, b]
  target: y
  time: t
  split: { by: time, test: 0.2 }
  checks:
    - { column: d, not_null: true, between: [0, 6000], mostly: 0.9 }
    - { column: o, distinct_count: { max: 400 }, severity: warn }
    - { column: o, matches: "^[a-z]+$" }
    - { column: o, in_set: [a, b, 1] }
    - { rows: { min: 10000, max: 1e9 } }
thresholds:
  primary: rmse
  first_deploy: { rmse: { max: 35 } }
  retrain: { mode: non-inferior, margin: 2%, confidence: 0.95 }
  always: { mae: { max: 18 }, r2: { min: 0.1 } }
  slices: [ { by: o, metric: rmse, max_regression: 10%, min_rows: 200 } ]
  allow_breaking: false
  waive: [ { check: "slice:o=ATL", until: 2026-12-31, reason: x } ]
drift: { window: 7d, min_rows: 200, on_drift: issue, share: 0.3, persist: 2 of 3, method: calibrated, query: drift.sql }
retrain: { window: sliding, schedule: weekly }
resources: { runner: ubuntu-latest, timeout_minutes: 60, memory_gb: 4, threads: 2 }
`;
const searching = whole.replace(
  "features:",
  `search:
  method: halving
  resource: trees
  space: { learning_rate: { min: 0.03, max: 0.3, scale: log }, max_leaves: [15, 31, 63] }
  trials: 20
features:`,
);
const program = `name: x
task: classification
type: command
params: { run: [python, train.py, "--a=1"], files: [train.py], timeout_minutes: 3 }
features: { query: f.sql, target: y, split: { by: key, test: 0.2 } }
thresholds: { primary: log_loss, first_deploy: { accuracy: { min: 0.5 } } }
`;
const settings = `registry: registry
data: [data, more]
store: .mergeml/store
predictions: predictions
gc_grace_days: 7
defaults:
  owner: '@a'
  seed: 3
  resources: { memory_gb: 2 }
  features: { split: { by: key, test: 0.2 } }
  thresholds: { retrain: { mode: superior } }
`;

const layers: readonly Json[] = [{}, { owner: "@a", seed: 3 }, { features: { split: { by: "key", test: 0.2 } } }];
const parsers = layers.map((defaults) => modelParser({ ...modelParts(), defaults }));

/** What is told is text for people and for the runner: in the file, without control characters, one command a line. */
function expectTold(problems: readonly Problem[], text: string): void {
  const lines = text.split("\n").length;
  for (const { message, where } of problems) {
    expect(message).not.toBe("");
    expect(where!.line).toBeGreaterThan(0);
    expect(where!.line).toBeLessThanOrEqual(lines);
    expect(where!.column).toBeGreaterThan(0);
  }
  const annotations = renderAnnotations(problems);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  expect(renderProblems(problems) + annotations).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  for (const line of annotations.split("\n").filter(Boolean)) expect(line).toMatch(/^::(error|warning) /);
}

function expectSound(config: ModelConfig, before: ModelConfig): void {
  const canonical = canonicalJson(config);
  expect(canonicalJson(JSON.parse(canonical))).toBe(canonical);
  expect(config.name).toMatch(/^[a-z0-9][a-z0-9-]*$/);
  describeChange(before, config, "SELECT 1", "SELECT 2");
  definitionHash(config, "SELECT 1", { name: config.type, version: 1 });
}

test("mutated model.yaml files are read or explained", { timeout: fuzzTimeout }, async () => {
  const outcomes = { sound: 0, explained: 0 };
  let before: ModelConfig | null = null;
  await fuzz(0.3, (random) => {
    const text = edited(random, rarely(random, 10) ? searching : pick(random, [whole, whole, program]), mutateYaml);
    const { config, problems, locate } = pick(random, parsers)(
      text,
      "models/x/model.yaml",
      pick(random, ["x", undefined]),
    );
    expect(config === null).toBe(problems.length > 0);
    expectTold(problems, text);
    if (rarely(random, 10)) locate(["features", "checks", 3, "x"]);
    if (config) expectSound(config, before ?? config);
    before = config ?? before;
    outcomes[config ? "sound" : "explained"] += 1;
  });
  expect(Math.min(outcomes.sound, outcomes.explained)).toBeGreaterThan(0);
  expect(({} as Record<string, unknown>).a).toBeUndefined();
});

test("mutated mergeml.yaml files are read or explained", { timeout: fuzzTimeout }, async () => {
  const parse = repositoryParser();
  await fuzz(0.1, (random) => {
    const text = edited(random, settings, mutateYaml);
    const { config, problems } = parse(text, "mergeml.yaml");
    expectTold(problems, text);
    expect(config.registry).toMatch(/^[^ ~^:?*[\\]+$/);
    if (problems.length === 0)
      modelParser({ ...modelParts(), defaults: config.defaults })(whole, "models/x/model.yaml", "x");
  });
});

const viewYaml = `description: "What we know"
owner: "@a/b"
key: [a, b]
time: t
ttl: 30d
columns: { c: One, d: "" }
constraints:
  - { column: c, not_null: true, between: [0, 6000], mostly: 0.9 }
  - { rows: { min: 3 } }
`;
const viewSql = `-- e'x' and $$
WITH RECURSIVE x AS (SELECT a, features.v.b FROM features.v JOIN "features"."w" w ON true /* /* */ */)
SELECT E'\\'', 'it''s', "q""q", $tag$ FROM features.v $tag$, extract(hour FROM features.t) FROM x, Features.V AS y, (features.w);
`;

test("mutated views are read or explained, and composed queries keep every place", {
  timeout: fuzzTimeout,
}, async () => {
  const before = ["v", "w"].map((name) => ({
    name: `features__${name}`,
    query: { path: `${name}.sql`, text: "SELECT 1;" },
  }));
  await fuzz(0.1, (random) => {
    const yaml = edited(random, viewYaml, mutateYaml);
    const { config, problems } = parseView(yaml, "features/v.yaml");
    expect(config === null).toBe(problems.length > 0);
    expectTold(problems, yaml);
    const text = edited(random, viewSql, mutateYaml);
    unusableBody(text);
    const query = composeQuery({ path: "q.sql", text }, before);
    const own = query.parts!.filter(({ file, length }) => file === "q.sql" && length > 0);
    for (const { at, length, index } of own)
      expect(query.text.slice(at, at + length)).toBe(text.slice(index, index + length));
    const { line } = locateByte(composedSql(query), Buffer.byteLength(query.text) - 1);
    expect(line).toBeLessThanOrEqual(text.split("\n").length);
  });
});
