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

/** Where a value has another shape, dotted, or null. Thousands are read at once: a path is made only of what is wrong. */
export function shapeProblem(value: unknown, shape: Shape): string | null {
  if (typeof shape === "string") return isKind(value, shape) ? null : "";
  if (typeof value !== "object" || value === null || Array.isArray(value) !== Array.isArray(shape)) return "";
  return Array.isArray(shape)
    ? itemProblem(value as unknown[], shape[0] as Shape)
    : memberProblem(value as Record<string, unknown>, shape as Record<string, Shape>);
}

function itemProblem(items: readonly unknown[], shape: Shape): string | null {
  for (let at = 0; at < items.length; at += 1) {
    const found = shapeProblem(items[at], shape);
    if (found !== null) return within(`${at}`, found);
  }
  return null;
}

function memberProblem(
  value: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, Shape>>,
): string | null {
  for (const written in shape) {
    const isOptional = written.endsWith("?");
    const name = isOptional ? written.slice(0, -1) : written;
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (isOptional && (member ?? null) === null) continue;
    const found = shapeProblem(member, shape[written]!);
    if (found !== null) return within(name, found);
  }
  return null;
}

function within(name: string, path: string): string {
  return path === "" ? name : `${name}.${path}`;
}

function isKind(value: unknown, kind: string): boolean {
  if (kind === "score") return value === null || typeof value === "number";
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === kind;
}

const member = Buffer.from('\n    "');
const closings: Readonly<Record<string, Buffer>> = { "{\n": Buffer.from("\n    }"), "[\n": Buffer.from("\n    ]") };

/**
 * The text of a record with null for each member two levels down that has lines of its own and is not one of `kept`, for those who
 * list thousands: to parse all of each is most of their time. A line in JSON as `writeRecord` indents it begins nowhere within a
 * text, so that a member ends where its bracket stands as far in as its name. A record that is written in another way is left as it is.
 */
export function recordOutline(content: Uint8Array, kept: ReadonlySet<string>): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let [text, told] = ["", 0];
  for (let at = bytes.indexOf(member); at >= 0; at = bytes.indexOf(member, at)) {
    const name = at + member.length;
    const quote = bytes.indexOf(0x22, name);
    const from = quote + '": '.length;
    const closing = closings[bytes.toString("latin1", from, from + 2)];
    const end = closing === undefined ? -1 : bytes.indexOf(closing, from);
    at = Math.max(end, name);
    if (closing === undefined || end < 0 || kept.has(bytes.toString("utf8", name, quote))) continue;
    text += `${bytes.toString("utf8", told, from)}null`;
    told = end + closing.length;
  }
  return text + bytes.toString("utf8", told);
}
