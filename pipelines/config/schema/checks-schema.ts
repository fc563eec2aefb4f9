import { boundsSchema, countBoundsSchema } from "./bounds-schema.ts";

/** Column names are any text the engine accepts; NUL ends a name in most of them. */
export const columnSchema = {
  title: "a column name",
  type: "string",
  minLength: 1,
  maxLength: 255,
} as const;

/** The longest regular expression a check may hold: the engine compiles it, and a bound keeps that cheap. */
const MAX_PATTERN_LENGTH = 500;

const rules = {
  not_null: {
    description: "No value of the column is null.",
    const: true,
    examples: [true],
  },
  unique: {
    description: "No value of the column occurs twice.",
    const: true,
    examples: [true],
  },
  between: {
    title: "a list of two values, low and high, such as [0, 6000]",
    description:
      "Every value lies between low and high, both included. Numbers, or ISO dates for dates and timestamps; null leaves a side open.",
    type: "array",
    minItems: 2,
    maxItems: 2,
    items: { title: "a number, an ISO date or null", type: ["number", "string", "null"] },
    examples: [
      [0, 6000],
      ["2001-01-01", null],
    ],
  },
  in_set: {
    title: "a list of allowed values",
    description: "Every value is one of these.",
    type: "array",
    minItems: 1,
    maxItems: 10_000,
    uniqueItems: true,
    items: { title: "a text, a number, true or false", type: ["string", "number", "boolean"] },
    examples: [["Fair", "Good", "Ideal"]],
  },
  matches: {
    title: "a regular expression of 1 to 500 characters",
    description: "RE2 regular expression that must match the whole text of every value.",
    type: "string",
    minLength: 1,
    maxLength: MAX_PATTERN_LENGTH,
    examples: ["[A-Z]{3}"],
  },
  type: {
    description: "The type of the column as the query returns it.",
    enum: ["number", "integer", "boolean", "text", "date", "timestamp"],
    examples: ["integer"],
  },
  distinct_count: {
    ...countBoundsSchema,
    description: "Bounds on the number of distinct values.",
    examples: [{ max: 400 }],
  },
  min: { ...boundsSchema, description: "Bounds on the smallest value.", examples: [{ min: 0 }] },
  max: { ...boundsSchema, description: "Bounds on the largest value.", examples: [{ max: 6000 }] },
  mean: { ...boundsSchema, description: "Bounds on the mean.", examples: [{ min: 500, max: 900 }] },
  quantile: {
    title: "a quantile and its bounds, such as { q: 0.99, max: 3000 }",
    description: "Bounds on one quantile.",
    type: "object",
    additionalProperties: false,
    required: ["q"],
    minProperties: 2,
    properties: {
      q: { description: "Which quantile, from 0 to 1.", type: "number", minimum: 0, maximum: 1, examples: [0.99] },
      ...boundsSchema.properties,
    },
    examples: [{ q: 0.99, max: 3000 }],
  },
  compare: {
    title: "an operator and a second column, such as { op: <=, column: arrived_at }",
    description: "Compares the column with another one, row by row.",
    type: "object",
    additionalProperties: false,
    required: ["op", "column"],
    properties: {
      op: {
        description: "How the first column compares with the second.",
        enum: ["<", "<=", "==", "!=", ">=", ">"],
        examples: ["<="],
      },
      column: { ...columnSchema, description: "The second column.", examples: ["arrived_at"] },
    },
    examples: [{ op: "<=", column: "arrived_at" }],
  },
} as const;

type Rules = typeof rules;

/** Rules about one number of a whole column: those with bounds. */
export type AggregateName = {
  [Name in keyof Rules]: Rules[Name] extends { properties: { min: unknown; max: unknown } } ? Name : never;
}[keyof Rules];

/** Rules that each row keeps or not. */
export type RowRuleName = Exclude<keyof Rules, AggregateName | "type">;

const names = Object.keys(rules) as readonly (keyof Rules)[];

const isAggregate = (name: keyof Rules): name is AggregateName =>
  "properties" in rules[name] && "max" in (rules[name].properties as object);

/** Their names, in the order of the schema. */
export const aggregateNames: readonly AggregateName[] = names.filter(isAggregate);

/** Rules about single values, which `mostly` softens. */
export const perValueRules: readonly (keyof Rules)[] = names.filter((name) => !isAggregate(name) && name !== "unique");

/** One check on the rows of the feature query. */
export const checkSchema = {
  title: "a check such as { column: distance, not_null: true }",
  description: "One rule about the rows of the feature query: about a column, or about the number of rows.",
  type: "object",
  additionalProperties: false,
  properties: {
    column: { ...columnSchema, description: "The column the rules are about.", examples: ["distance"] },
    rows: { ...countBoundsSchema, description: "Bounds on the number of rows.", examples: [{ min: 10000 }] },
    ...rules,
    mostly: {
      description: "Share of the non-null values that must satisfy a per-value rule.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
      examples: [0.99],
    },
    severity: {
      description: "Whether a broken rule blocks the candidate or is only reported.",
      enum: ["block", "warn"],
      default: "block",
      examples: ["warn"],
    },
  },
  examples: [
    { column: "distance", not_null: true, between: [0, 6000] },
    { column: "origin", distinct_count: { max: 400 }, severity: "warn" },
    { rows: { min: 10000 } },
  ],
} as const;
