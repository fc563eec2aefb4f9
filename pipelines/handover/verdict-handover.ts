import { shapes } from "./training-schema.ts";

const { object, list, text } = shapes;

/** What a deploy's gate said of a model. `identical`: byte for byte production; `none`: training gave no candidate. */
export interface DeployVerdict {
  model: string;
  outcome: "pass" | "fail" | "inconclusive" | "identical" | "none";
  summary: string;
}

/** The shape of the verdicts that a deploying job hands to the one that tells of them. */
export const verdictSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...object({
    format: { const: 1 },
    verdicts: list(
      object({
        model: { type: "string", pattern: "^[a-z0-9-]{1,100}$" },
        outcome: { enum: ["pass", "fail", "inconclusive", "identical", "none"] },
        summary: text(8_000),
      }),
      2_000,
    ),
  }),
};
