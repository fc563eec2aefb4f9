import { allMetricNames, type MetricName, worseSide } from "../metric-names.ts";
import { boundsSchema } from "./bounds-schema.ts";
import { columnSchema } from "./checks-schema.ts";

/** Limits on one metric. */
export const limitSchema = { ...boundsSchema, examples: [{ max: 35 }, { min: 0.8 }] } as const;

/** One entry per metric, so that editors complete the names and unknown ones are errors. */
const limitProperties = Object.fromEntries(
  allMetricNames.map((metric) => [metric, { ...limitSchema, description: describeLimits(metric) }]),
) as unknown as Readonly<Record<MetricName, typeof limitSchema>>;

function describeLimits(metric: MetricName): string {
  const side = worseSide(metric);
  if (side === null) return `Limits on ${metric}: max bounds its size, min its signed value.`;
  return `Limit on ${metric}, of which ${side === "max" ? "less is better: a max" : "more is better: a min"}.`;
}

const regressionSchema = {
  title: "a share such as 10%, or a number of at least 0 in the metric's unit",
  type: ["number", "string"],
  minimum: 0,
  maximum: 1e12,
  pattern: "^[0-9]{1,6}(\\.[0-9]{1,6})?%$",
} as const;

const retrainRuleSchema = {
  title: "a rule such as { mode: point }",
  description: "What a candidate must show against the model in production.",
  type: "object",
  additionalProperties: false,
  properties: {
    mode: {
      description:
        "point: a better score. superior: better beyond noise. non-inferior: not worse than production by more than margin.",
      enum: ["point", "superior", "non-inferior"],
      default: "point",
      examples: ["superior"],
    },
    margin: {
      ...regressionSchema,
      description: "Only for non-inferior: how much worse it may be, as a share or in the metric's unit.",
      examples: ["1%", 0.5],
    },
    confidence: {
      description: "Confidence of the interval around the difference.",
      type: "number",
      minimum: 0.5,
      exclusiveMaximum: 1,
      default: 0.95,
      examples: [0.95],
    },
  },
  default: {},
  examples: [{ mode: "non-inferior", margin: "1%", confidence: 0.95 }],
} as const;

const sliceSchema = {
  title: "a slice rule such as { by: origin, max_regression: 10% }",
  description: "No group of rows may get worse than production by more than this.",
  type: "object",
  additionalProperties: false,
  required: ["by", "max_regression"],
  properties: {
    by: { ...columnSchema, description: "The column whose values are the groups.", examples: ["origin"] },
    metric: {
      description: "The metric that is compared; the primary one when left out.",
      enum: allMetricNames,
      examples: ["rmse"],
    },
    max_regression: {
      ...regressionSchema,
      description: "How much worse a group may get: a share such as 10%, or a number in the metric's unit.",
      examples: ["10%", 2.5],
    },
    min_rows: {
      description: "Groups with fewer test rows are not judged.",
      type: "integer",
      minimum: 1,
      default: 100,
      examples: [200],
    },
  },
  examples: [{ by: "origin", metric: "rmse", max_regression: "10%", min_rows: 200 }],
} as const;

const waiverSchema = {
  title: "a waiver such as { check: metric:mae, until: 2026-12-31, reason: … }",
  description: "A reviewed exception: this check of the gate does not block until that day.",
  type: "object",
  additionalProperties: false,
  required: ["check", "until", "reason"],
  properties: {
    check: {
      title:
        "the id of a gate check, such as primary, naive, metric:mae, slice:origin=ATL, leak:price, signature, duplicates or held-out",
      description: "The id of the gate's check, as the report shows it.",
      type: "string",
      maxLength: 500,
      pattern: "^(primary|naive|signature|evaluation|held-out|duplicates|metric:.+|leak:.+|slice:[^=]+=.*)$",
      examples: ["slice:origin=ATL"],
    },
    until: {
      title: "a date such as 2026-12-31",
      description: "The last day (UTC) on which the waiver holds.",
      type: "string",
      maxLength: 40,
      examples: ["2026-12-31"],
    },
    reason: {
      title: "a sentence that says why",
      description: "Why the exception is right; shown in the report.",
      type: "string",
      minLength: 1,
      maxLength: 1000,
      examples: ["Runway closed until the end of the year"],
    },
  },
  examples: [{ check: "slice:origin=ATL", until: "2026-12-31", reason: "Runway closed" }],
} as const;

/** `thresholds`: what the gate asks of a candidate. */
export const thresholdsSchema = {
  title: "a block of keys such as primary and first_deploy",
  description: "What the gate asks of a candidate before it may go to production.",
  type: "object",
  additionalProperties: false,
  required: ["primary", "first_deploy"],
  properties: {
    primary: { description: 'The metric that "better" is about.', enum: allMetricNames, examples: ["rmse"] },
    first_deploy: {
      title: "at least one limit, such as { rmse: { max: 35 } }",
      description: "The business threshold: what the first version must reach, while nothing is in production.",
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      properties: limitProperties,
      examples: [{ rmse: { max: 35 } }],
    },
    retrain: retrainRuleSchema,
    always: {
      title: "limits such as { mae: { max: 18 } }",
      description: "Limits that every candidate must keep, first or not.",
      type: "object",
      additionalProperties: false,
      properties: limitProperties,
      default: {},
      examples: [{ mae: { max: 18 } }],
    },
    slices: {
      title: "a list of slice rules",
      description: "Groups of rows that must not get worse.",
      type: "array",
      maxItems: 50,
      items: sliceSchema,
      default: [],
      examples: [[{ by: "origin", max_regression: "10%" }]],
    },
    naive: {
      description:
        "What becomes of a candidate whose primary metric is no better than that of always predicting the mean, or the shares of the classes.",
      enum: ["block", "warn"],
      default: "block",
      examples: ["warn"],
    },
    allow_breaking: {
      description: "Lets a candidate pass that removes a feature, changes a type or drops a class.",
      type: "boolean",
      default: false,
      examples: [true],
    },
    min_test_rows: {
      description:
        "Fewer judged rows than this are too few to tell: the verdict is inconclusive. Rows that production was trained on are not judged.",
      type: "integer",
      minimum: 1,
      maximum: 1000000000,
      default: 30,
      examples: [200],
    },
    waive: {
      title: "a list of waivers",
      description: "Reviewed exceptions, each with a last day and a reason.",
      type: "array",
      maxItems: 100,
      items: waiverSchema,
      default: [],
      examples: [[{ check: "metric:mae", until: "2026-12-31", reason: "Agreed with the operations team" }]],
    },
  },
  examples: [{ primary: "rmse", first_deploy: { rmse: { max: 35 } } }],
} as const;
