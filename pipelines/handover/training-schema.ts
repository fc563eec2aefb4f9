/**
 * The shape of a bundle in JSON Schema (2020-12). A bundle from a pull request of a stranger is hostile: what the report
 * renders has the type, the length and the range it is written for, or the bundle is refused.
 */
const text = (maxLength: number) => ({ type: "string", maxLength });
const name = text(200);
const line = text(2_000);
const number = { type: "number" };
const score = { type: ["number", "null"] };
const count = { type: "integer", minimum: 0, maximum: 1e12 };
const share = { type: "number", minimum: 0, maximum: 1 };
const hash = { type: "string", pattern: "^[a-z0-9]{0,8}[:-]?[0-9a-f]{16,128}$" };
const direction = { enum: ["min", "max"] };
const task = { enum: ["regression", "classification"] };
const nullable = (schema: object) => ({ anyOf: [schema, { type: "null" }] });
const list = (items: object, maxItems = 5_000) => ({ type: "array", items, maxItems });

/** An object of exactly these keys; those in `optional` may be missing. */
function object(properties: Record<string, object>, optional: Record<string, object> = {}) {
  return {
    type: "object",
    properties: { ...properties, ...optional },
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

/** Values that a config may hold: JSON without depth, because what is rendered of it goes through the escaping of plain text. */
const json = { $ref: "#/$defs/json" };
const jsonDefinition = {
  anyOf: [
    { type: ["number", "boolean", "null"] },
    text(4_000),
    { type: "array", items: json, maxItems: 1_000 },
    { type: "object", additionalProperties: json, propertyNames: name, maxProperties: 1_000 },
  ],
};

const place = object({ file: line, line: count, column: count }, { length: count, lineText: text(4_000) });
const problem = object(
  { message: text(8_000) },
  {
    hint: text(8_000),
    where: place,
    key: line,
    severity: { enum: ["error", "warning"] },
    lacks: { const: "credential" },
  },
);
const checkResult = object(
  {
    check: line,
    severity: { enum: ["block", "warn"] },
    passed: { type: "boolean" },
    found: line,
    failing_rows: nullable(count),
  },
  { where: line },
);
const feature = object({ name, kind: { enum: ["number", "boolean", "category"] } });
const dataset = object(
  { fingerprint: hash, rows: count, columns: list(object({ name, type: name })) },
  { sample_of: object({ fingerprint: hash, rows: count }) },
);
const sourceRead = {
  anyOf: [
    object({ source: name, read: { const: "table" }, version: name }),
    object(
      { source: name, read: { const: "database" }, tables: list(line) },
      { versions: { type: "object", additionalProperties: name, propertyNames: line, maxProperties: 50 } },
    ),
    object(
      { source: name, read: { const: "objects" }, objects: list(object({ name: line, bytes: count, etag: name })) },
      { more: count },
    ),
  ],
};
const difference = nullable(object({ value: number, low: number, high: number, confidence: share }));

const baselineModel = { version: count, model: hash, features: list(feature), classes: list(name) };
const ownQuery = object({ missing: list(name), key: list(name, 100), test_rows: count, joined_rows: count });

const explanations = object(
  {
    metric: name,
    rows: count,
    repeats: count,
    importance: list(object({ feature: name, worse: number, sd: number })),
    dependence: list(
      object({
        feature: name,
        kind: { enum: ["number", "boolean", "category"] },
        labels: list(text(1_000), 100),
        series: list(object({ name, values: list(number, 100) }), 20),
        rows: count,
      }),
      20,
    ),
  },
  { limited: object({ model_bytes: count, test_rows: count, features: count }) },
);

/** Numbers with a space between them. */
const series = { type: "string", maxLength: 2_000, pattern: "^(?:-?[0-9.]{1,25}(?:e[-+]?[0-9]{1,3})?(?: |$)){0,100}$" };
const axis = object({ from: number, to: number, bins: { type: "integer", minimum: 1, maximum: 100 } });
const drawnCalibration = object({ rows: series, predicted: series, actual: series, low: series, high: series });
const regressionSide = object({
  density: list(series, 100),
  residuals: series,
  spread: list(series, 100),
  calibration: drawnCalibration,
});
const classCurves = object({
  class: name,
  false_positive: series,
  true_positive: series,
  recall: series,
  precision: series,
});
const classificationSide = object({
  confusion: list(series, 100),
  calibration: drawnCalibration,
  curves: list(classCurves, 20),
});
const columnSide = object(
  { rows: count, missing: count, counts: series },
  { min: nullable(number), median: nullable(number), max: nullable(number) },
);
const pictures = object(
  {},
  {
    resampled: object({ metric: name, replicates: count, axis, counts: series }),
    regression: object({
      values: axis,
      residuals: axis,
      candidate: regressionSide,
      production: nullable(regressionSide),
    }),
    classification: object({
      classes: list(name, 100),
      candidate: classificationSide,
      production: nullable(classificationSide),
    }),
    columns: list(
      object(
        { name, role: { enum: ["target", "feature"] }, train: columnSide, test: columnSide },
        { axis, labels: list(text(1_000), 100) },
      ),
      100,
    ),
  },
);

const comparison = { direction, production: score, candidate: score, difference };
const evaluation = object(
  {
    task,
    primary: name,
    rows: count,
    test_fingerprint: hash,
    model: hash,
    features: list(feature),
    classes: list(name),
    baseline: {
      anyOf: [
        object({ state: { const: "none" } }),
        object({ state: { const: "scored" }, ...baselineModel }, { own_query: ownQuery }),
        object({ state: { const: "incomparable" }, ...baselineModel, reason: text(8_000) }),
        object({ state: { const: "failed" }, version: count, model: hash, reason: text(8_000) }),
      ],
    },
    metrics: list(object({ metric: name, naive: score, ...comparison }, { problem: line }), 50),
    slices: list(
      object(
        { by: name, value: text(1_000), metric: name, rows: count, ...comparison },
        { groups: count, problem: line },
      ),
    ),
    small_slices: count,
    bins: list(object({ label: name, rows: count, predicted: number, actual: number }), 100),
  },
  {
    judged_before: count,
    tried: list({ type: "string", pattern: "^[0-9a-f]{8}$" }, 1_000),
    groups: count,
    duplicates: object({ rows: count, copies: count, agreement: number, left_out: count }, { kept: line }),
    leaks: list(object({ feature: name, score: share, found: line })),
    test_rows: count,
    seen_by_production: nullable(count),
    overlap_unknown: text(8_000),
    explanations,
    explanations_left_out: line,
    pictures,
  },
);

const record = object(
  {
    id: { type: "string", pattern: "^c-[0-9a-f]{64}$" },
    definition: hash,
    config: { type: "object" },
    query: text(200_000),
    trainer: object({ name, version: count }),
    commit: nullable(hash),
    dirty: { type: "boolean" },
    features: list(feature),
    classes: list(name),
    train: dataset,
    test: dataset,
    predictions: dataset,
    checks: list(checkResult),
    notes: list(line, 200),
    model: object({ sha256: hash, size: count }),
    importance: list(object({ feature: name, share })),
    coefficients: list({
      type: "object",
      properties: { name: text(1_000) },
      required: ["name", "value"],
      additionalProperties: { type: ["number", "null"] },
      maxProperties: 10,
    }),
    curves: list(object({ metric: name, steps: list(number, 100_000), values: list(score, 100_000) }), 50),
    environment: { type: "object", additionalProperties: line, maxProperties: 50 },
    created: text(40),
    train_seconds: number,
  },
  {
    split_seed: count,
    sources: list(sourceRead, 100),
    trials: list({
      type: "object",
      properties: {
        params: { type: "object", additionalProperties: json, maxProperties: 100 },
        score,
        problem: line,
        seconds: number,
        budget: number,
        winner: { const: true },
      },
      required: ["params", "score", "seconds"],
      additionalProperties: false,
    }),
  },
);

/** The verdict is made again from the evaluation, so that only its being there matters. */
const candidate = object({ record, evaluation, verdict: { type: "object" } });

const candidateId = { type: "string", pattern: "^c-[0-9a-f]{64}$" };
const outcome = {
  anyOf: [
    object({ state: { const: "candidate" }, id: candidateId }),
    object({ state: { const: "identical" }, model: name, version: count, id: candidateId }),
    object({ state: { const: "checks-failed" }, model: name, checks: list(checkResult), rows: count }),
    object({ state: { const: "unreached" }, model: name, problems: list(problem, 100) }),
    object({ state: { const: "error" }, model: name, problems: list(problem, 1_000), during: line }),
  ],
};

export const bundleSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $defs: { json: jsonDefinition },
  ...object({
    format: { const: 1 },
    model: { type: "string", pattern: "^[a-z0-9-]{1,100}$" },
    outcome,
    candidate: nullable(candidate),
  }),
};

/** Parts of which shapes are made. */
export const shapes = { object, list, nullable, text, count, problem };
