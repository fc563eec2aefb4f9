import { shapes } from "./training-schema.ts";

const { object, list, nullable, text, count, problem } = shapes;

const planEntry = object(
  {
    model: { type: "string", pattern: "^[a-z0-9-]{1,100}$" },
    state: { enum: ["new", "changed", "unchanged", "held", "registered", "removed", "invalid"] },
    production: nullable(count),
    version: nullable(count),
    detail: text(8_000),
  },
  { views: list({ type: "string", pattern: "^[a-z][a-z0-9_]{0,62}$" }, 1_000) },
);

/** The shape of a plan that one job hands to another. */
export const planSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...object({
    format: { const: 1 },
    pullRequest: nullable(count),
    headSha: { type: "string", pattern: "^[0-9a-f]{40,64}$" },
    commit: { type: "string", pattern: "^[0-9a-f]{40,64}$" },
    entries: list(planEntry, 2_000),
    problems: list(problem, 2_000),
  }),
};
