import { validatorOf } from "../config/schema/validator-of.ts";
import type { ModelDrift } from "../watch/drift/model-drift.ts";

/** What the last check of a version in production found, as other machines tell it. */
export type FoundDrift = Pick<ModelDrift, "model" | "version" | "outcome" | "persistent" | "window" | "history">;

/** A file with it may have so many bytes. */
const mostBytes = 128 * 1024;

const time = {
  type: "string",
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
} as const;
const number = { type: "number" } as const;
const count = { type: "integer", minimum: 0, maximum: 1e12 } as const;
const name = { type: "string", maxLength: 500 } as const;

function object(properties: Record<string, object>) {
  return { type: "object", properties, required: Object.keys(properties) };
}

const orNull = (schema: object) => ({ anyOf: [schema, { type: "null" }] });

/** What is told of a check must be this; what later versions add is left alone. */
export const foundDriftSchema = object({
  model: { type: "string", pattern: "^[a-z0-9-]{1,200}$" },
  version: { type: "integer", minimum: 1 },
  outcome: { enum: ["clean", "drift", "too few rows", "silent"] },
  persistent: { enum: ["drift", "clean", "undecided"] },
  window: object({ from: time, to: time }),
  history: {
    type: "array",
    maxItems: 100,
    items: object({
      from: time,
      to: time,
      outcome: { enum: ["clean", "drift", "too few rows"] },
      rows: count,
      share: number,
      prediction: orNull(object({ column: name, distance: number, limit: number })),
      metric: orNull(object({ metric: name, value: number, low: number, high: number, rows: count })),
    }),
  },
});

/** Where a model's lies on the branch of the run log. */
export function foundDriftPath(model: string): string {
  return `drift/${model}.json`;
}

/** As it lies in its file. */
export function foundDriftText({ model, version, outcome, persistent, window, history }: FoundDrift): string {
  return `${JSON.stringify({ model, version, outcome, persistent, window, history }, null, 2)}\n`;
}

/** What anybody handed over, such as `mergeml drift --json`; null when it is no finding. */
export function foundDriftOf(value: unknown): FoundDrift | null {
  return validatorOf(foundDriftSchema, "handed")(value) ? (value as FoundDrift) : null;
}

/** Reads a file of the branch; null for one that is too large, no JSON, or no finding. */
export function parseFoundDrift(content: Buffer): FoundDrift | null {
  if (content.length > mostBytes) return null;
  try {
    return foundDriftOf(JSON.parse(content.toString("utf8")));
  } catch {
    return null;
  }
}
