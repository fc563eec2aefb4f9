import { join } from "node:path";
import { allMetricNames } from "../config/metric-names.ts";
import { UserError } from "../errors/expected-error.ts";
import type { DriftEntry } from "../watch/drift/model-drift.ts";
import { conditions } from "../watch/promotion/decide-rollback.ts";
import { readChecked } from "./training-outcome.ts";

const text = { type: "string", maxLength: 1_000 } as const;
const isoTime = { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$" } as const;
const span = { type: "object", required: ["from", "to"], properties: { from: text, to: text } } as const;

const isoSpan = { ...span, properties: { from: isoTime, to: isoTime } } as const;
const writtenTime = { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9T: .Z]{0,20}$" } as const;
const nothing = { type: "null" } as const;

const count = { type: "integer", minimum: 0 } as const;
const share = { type: "number", minimum: 0, maximum: 1 } as const;
const shareCondition = { enum: ["error_rate", "outside_reference"] } as const;

const finding = {
  anyOf: [
    {
      type: "object",
      required: ["condition", "state", "rows", "share", "limit"],
      properties: { condition: shareCondition, state: { const: "measured" }, rows: count, share, limit: share },
    },
    {
      type: "object",
      required: ["condition", "state", "rows", "metric", "direction", "previous", "values", "difference"],
      properties: {
        condition: { const: "worse_than_previous" },
        state: { const: "measured" },
        rows: count,
        metric: { type: "string", pattern: "^[a-z0-9_]{1,50}$" },
        direction: { enum: ["min", "max"] },
        previous: { type: "integer", minimum: 1 },
        values: {
          type: "object",
          required: ["current", "previous"],
          properties: { current: { type: "number" }, previous: { type: "number" } },
        },
        difference: {
          type: "object",
          required: ["value", "low", "high", "confidence"],
          properties: {
            value: { type: "number" },
            low: { type: "number" },
            high: { type: "number" },
            confidence: share,
          },
        },
      },
    },
    {
      type: "object",
      required: ["condition", "state", "rows"],
      properties: { condition: { enum: conditions }, state: { const: "too few rows" }, rows: count },
    },
    {
      type: "object",
      required: ["condition", "state", "reason"],
      properties: { condition: { enum: conditions }, state: { const: "unknown" }, reason: { type: "string" } },
    },
  ],
} as const;

/** Only the evidence is taken over; what follows from it is decided anew. */
const judgement = {
  type: "object",
  required: ["evidence"],
  properties: {
    evidence: {
      type: "object",
      required: ["model", "version", "promotion", "window", "least", "findings"],
      properties: {
        model: { type: "string", pattern: "^[a-z0-9-]{1,200}$" },
        version: { type: "integer", minimum: 1 },
        promotion: { type: "string", pattern: "^[0-9a-f]{40,64}$" },
        window: { ...span, properties: { from: isoTime, to: isoTime } },
        least: count,
        findings: { type: "array", maxItems: 3, items: finding },
      },
    },
  },
} as const;

/** What the text of an issue turns into dates and commands. */
const told = {
  labelled: { anyOf: [nothing, isoSpan] },
  unread: {
    type: "array",
    maxItems: 100,
    items: {
      ...isoSpan,
      required: ["from", "to", "reason"],
      properties: { ...isoSpan.properties, reason: { type: "string" } },
    },
  },
  retrain: {
    anyOf: [
      nothing,
      {
        type: "object",
        required: ["kind", "window"],
        properties: {
          kind: { const: "move" },
          window: { type: "object", required: ["start", "end"], properties: { start: writtenTime, end: writtenTime } },
          trial: {
            anyOf: [
              nothing,
              {
                type: "object",
                required: ["metric", "rows", "production", "candidate", "low", "high", "better"],
                properties: {
                  metric: { enum: allMetricNames },
                  rows: count,
                  ...Object.fromEntries(
                    ["production", "candidate", "low", "high"].map((key) => [key, { type: "number" }]),
                  ),
                  better: { type: "boolean" },
                },
              },
            ],
          },
        },
      },
      {
        type: "object",
        required: ["kind", "why"],
        properties: { kind: { const: "stay" }, why: { type: "string", pattern: "^[a-zA-Z0-9 :.,_-]{0,300}$" } },
      },
      { type: "object", required: ["kind"], properties: { kind: { enum: ["windowless", "gone"] } } },
    ],
  },
  reference: {
    type: "object",
    required: ["rows", "times", "tested", "known"],
    properties: {
      rows: count,
      tested: count,
      known: { anyOf: [nothing, isoSpan] },
      times: {
        anyOf: [
          nothing,
          { type: "object", required: ["first", "last"], properties: { first: isoTime, last: isoTime } },
        ],
      },
    },
  },
} as const;

const failed = {
  type: "object",
  required: ["model", "outcome", "error"],
  properties: {
    model: { type: "string", pattern: "^[a-z0-9-]{1,200}$" },
    outcome: { const: "error" },
    error: { type: "object", required: ["message"], properties: { message: { type: "string" } } },
  },
} as const;

const checked = {
  type: "object",
  required: [
    "model",
    "outcome",
    "version",
    "window",
    "every",
    "persistent",
    "result",
    "history",
    "reference",
    "labels",
    "labelled",
    "unread",
    "retrain",
  ],
  properties: {
    model: failed.properties.model,
    outcome: { enum: ["clean", "drift", "too few rows", "silent"] },
    silence: {
      anyOf: [nothing, { type: "object", required: ["since", "rows"], properties: { since: isoTime, rows: count } }],
    },
    version: { type: "integer", minimum: 1 },
    window: isoSpan,
    ...told,
    every: { type: "string", pattern: "^[1-9][0-9]{0,3}[hdw]$" },
    persistent: { enum: ["drift", "clean", "undecided"] },
    result: {
      type: "object",
      required: ["outcome", "because", "rows", "share", "features", "predictions", "performance"],
      properties: {
        because: { type: "array", items: { enum: ["features", "prediction", "performance"] } },
        features: { type: "array" },
        predictions: { type: "array" },
        assumed: { type: "array", maxItems: 10, items: text },
      },
    },
    awaited: {
      anyOf: [nothing, { type: "object", required: ["share", "needed"], properties: { share, needed: share } }],
    },
    history: {
      type: "array",
      maxItems: 100,
      items: {
        ...span,
        properties: { ...span.properties, outcome: { enum: ["clean", "drift", "too few rows"] }, rows: count },
      },
    },
    rollback: { anyOf: [{ type: "null" }, judgement] },
  },
} as const;

/** What an answer relies on; what is only told has its own limits where it is told. */
/** What the result of a drift check must be. */
export const driftEntrySchema = { anyOf: [failed, checked] } as const;

/** What another job found of a model, from `<model>.json`. One that cannot be used is that model's error. */
export async function readDriftEntry(folder: string, file: string): Promise<DriftEntry> {
  const model = file.slice(0, -5);
  try {
    const entry = (await readChecked(join(folder, file), driftEntrySchema)) as DriftEntry;
    if (entry.model === model) return entry;
    throw new UserError({ message: `the result ${file} speaks of another model`, hint: "run the job again" });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const hint = error.problems[0]?.hint ?? null;
    return { model, outcome: "error", error: { kind: "user", message: error.message, hint } };
  }
}
