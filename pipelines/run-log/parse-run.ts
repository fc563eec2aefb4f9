import { validatorOf } from "../config/schema/validator-of.ts";
import { mostCurves, type RunRecord } from "./run-record.ts";

/** A run's file may have so many bytes. */
export const mostRunBytes = 512 * 1024;

const text = (maxLength: number) => ({ type: "string", maxLength });
const score = { type: ["number", "null"] };
const hash = { type: "string", pattern: "^[a-z0-9]{0,8}[:-]?[0-9a-f]{16,128}$" };
const count = { type: "integer", minimum: 0, maximum: 1e12 };
const nullable = (schema: object) => ({ anyOf: [schema, { type: "null" }] });
const params = { type: "object", maxProperties: 1_000, propertyNames: text(500) };

/** An object that has at least these keys: what later versions add is left alone. */
function object(properties: Record<string, object>, optional: Record<string, object> = {}) {
  return { type: "object", properties: { ...properties, ...optional }, required: Object.keys(properties) };
}

const dataset = object({ fingerprint: hash, rows: count });
const moment = text(40);

const curve = object({
  metric: text(200),
  steps: { type: "array", maxItems: 200, items: { type: "integer", minimum: -1e12, maximum: 1e12 } },
  values: { type: "array", minItems: 1, maxItems: 200, items: { type: "number" } },
});

/** What a run's file must be. */
export const runSchema = object(
  {
    format: { const: 1 },
    id: { type: "string", pattern: "^r-[0-9a-f]{64}$" },
    model: { type: "string", pattern: "^[a-z0-9-]{1,100}$" },
    state: { enum: ["trained", "error"] },
    event: { enum: ["train", "run", "register"] },
    time: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$" },
    by: text(500),
    commit: nullable(hash),
    dirty: { type: "boolean" },
    task: { enum: ["regression", "classification"] },
    type: text(200),
    seed: { type: "number" },
    params,
    candidate: nullable({ type: "string", pattern: "^c-[0-9a-f]{64}$" }),
    definition: nullable(hash),
    data: nullable(object({ window: nullable(object({ start: moment, end: moment })), train: dataset, test: dataset })),
    metrics: {
      type: "array",
      maxItems: 100,
      items: object({ metric: text(200), direction: { enum: ["min", "max"] }, candidate: score, production: score }),
    },
    verdict: nullable(object({ outcome: { enum: ["pass", "fail", "inconclusive"] }, summary: text(4_000) })),
    version: nullable(count),
    seconds: { type: "number", minimum: 0 },
    trials: {
      type: "array",
      maxItems: 1_000,
      items: object(
        { params, score, seconds: { type: "number" } },
        { problem: text(8_000), winner: { const: true }, number: count, budget: score },
      ),
    },
    error: nullable(text(4_000)),
  },
  {
    tried: { type: "array", maxItems: 1_000, items: { type: "string", pattern: "^[0-9a-f]{8}$" } },
    curves: { type: "array", maxItems: mostCurves, items: curve },
  },
);

/** Reads a run that may come from anybody: the record, or what is wrong with it. */
export type RunParser = (content: Buffer) => RunRecord | { problem: string };

/** Compiles the schema once for many records. */
export function openRunParser(): RunParser {
  const check = validatorOf(runSchema, "handed");
  return (content) => {
    if (content.length > mostRunBytes) return { problem: `it has ${content.length} bytes; at most ${mostRunBytes}` };
    const value = parseJson(content);
    if (value === undefined) return { problem: "it is not JSON" };
    if (check(value)) return value as unknown as RunRecord;
    const { instancePath = "", message = "" } = check.errors?.[0] ?? {};
    return { problem: `${instancePath.slice(0, 100) || "it"} ${message}` };
  };
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch {
    return undefined; // told as "it is not JSON"
  }
}
