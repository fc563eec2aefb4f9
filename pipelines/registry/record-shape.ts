/**
 * What a value must be: a kind, an object with at least these members, or a list whose items are one of these. A member whose
 * name ends with a question mark may be null or missing.
 */
type Shape =
  | "string"
  | "number"
  | "boolean"
  | "object"
  | "score"
  | { readonly [member: string]: Shape }
  | readonly [Shape];

const dataset = { fingerprint: "string", rows: "number" } as const;
const feature = { name: "string", kind: "string" } as const;
const compared = {
  metric: "string",
  direction: "string",
  candidate: "score",
  production: "score",
  "difference?": { value: "number", low: "number", high: "number", confidence: "number" },
  "problem?": "string",
} as const;

/**
 * What is read of a version.json everywhere. Its digest shows that it is what was sealed, and not that mergeml sealed it; what
 * later versions of mergeml add is left alone.
 */
export const recordShape: Shape = {
  model: "string",
  version: "number",
  "pull_request?": "number",
  registered: "string",
  registered_by: "string",
  files: "object",
  candidate: {
    id: "string",
    definition: "string",
    query: "string",
    created: "string",
    "train_seconds?": "number",
    dirty: "boolean",
    "commit?": "string",
    "trials?": [{ params: "object", score: "score", seconds: "number", "problem?": "string" }],
    environment: "object",
    trainer: { name: "string", version: "number" },
    config: {
      name: "string",
      task: "string",
      type: "string",
      seed: "number",
      description: "string",
      "owner?": "string",
      params: "object",
      "search?": { space: "object", metric: "string", trials: "number" },
      features: {
        query: "string",
        target: "string",
        "time?": "string",
        "window?": { start: "string", end: "string" },
        split: { by: "string", test: "number" },
        key: ["string"],
        checks: ["object"],
      },
      thresholds: {
        primary: "string",
        first_deploy: "object",
        always: "object",
        retrain: { mode: "string", confidence: "number" },
        slices: [{ by: "string", metric: "string", max_regression: "object", min_rows: "number" }],
        "waive?": [{ check: "string", until: "string", reason: "string" }],
      },
      "drift?": "object",
      "resources?": "object",
    },
    features: [feature],
    classes: ["string"],
    train: dataset,
    test: dataset,
    predictions: dataset,
    "sources?": [
      { source: "string", read: "string", "version?": "string", "objects?": ["object"], "tables?": ["string"] },
    ],
    checks: [{ check: "string", severity: "string", passed: "boolean", found: "string" }],
    notes: ["string"],
    model: { sha256: "string", size: "number" },
    importance: [{ feature: "string", share: "score" }],
    coefficients: [{ name: "string", value: "score" }],
    curves: [{ metric: "string", steps: ["number"], values: ["score"] }],
  },
  evaluation: {
    task: "string",
    primary: "string",
    rows: "number",
    test_fingerprint: "string",
    model: "string",
    features: [feature],
    classes: ["string"],
    baseline: { state: "string", "version?": "number", "features?": [feature], "classes?": ["string"] },
    metrics: [{ naive: "score", ...compared }],
    slices: [{ by: "string", value: "string", rows: "number", ...compared }],
    bins: [{ label: "string", rows: "number", predicted: "score", actual: "score" }],
    "explanations?": {
      metric: "string",
      importance: [{ feature: "string", worse: "score", sd: "score" }],
      dependence: ["object"],
    },
    "pictures?": "object",
  },
  verdict: {
    outcome: "string",
    rule: "string",
    summary: "string",
    judged_on: "string",
    checks: [
      {
        id: "string",
        outcome: "string",
        limit: "string",
        found: "string",
        reason: "string",
        "waived?": { until: "string", reason: "string" },
      },
    ],
    notes: ["string"],
    binds: "object",
  },
};

/** Where a value has another shape, dotted, or null. */
export function shapeProblem(value: unknown, shape: Shape, path = ""): string | null {
  if (typeof shape === "string") return isKind(value, shape) ? null : path;
  if (typeof value !== "object" || value === null || Array.isArray(value) !== Array.isArray(shape)) return path;
  for (const [name, inner, expected] of membersOf(value, shape)) {
    const found = shapeProblem(inner, expected, path ? `${path}.${name}` : name);
    if (found !== null) return found;
  }
  return null;
}

function membersOf(value: object, shape: Exclude<Shape, string>): [name: string, value: unknown, shape: Shape][] {
  if (Array.isArray(shape)) return (value as unknown[]).map((item, at) => [`${at}`, item, shape[0] as Shape]);
  return Object.entries(shape as Record<string, Shape>).flatMap(([written, inner]): [string, unknown, Shape][] => {
    const name = written.replace("?", "");
    const member = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    return written !== name && (member ?? null) === null ? [] : [[name, member, inner]];
  });
}

function isKind(value: unknown, kind: string): boolean {
  if (kind === "score") return value === null || typeof value === "number";
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === kind;
}
