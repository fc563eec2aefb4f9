import { checkSchema, columnSchema } from "./checks-schema.ts";

const windowSchema = {
  title: "a window such as { start: 2001-01-01, end: 2001-04-01 }",
  description: "The time the data covers. The query sees it as the parameters $start and $end.",
  type: "object",
  additionalProperties: false,
  required: ["start", "end"],
  properties: {
    start: {
      title: "an ISO date or UTC timestamp such as 2001-01-01",
      description: "The first moment inside the window; ISO date or timestamp, UTC.",
      type: "string",
      maxLength: 40,
      examples: ["2001-01-01"],
    },
    end: {
      title: "an ISO date or UTC timestamp such as 2001-04-01",
      description: "The first moment after the window; ISO date or timestamp, UTC.",
      type: "string",
      maxLength: 40,
      examples: ["2001-04-01"],
    },
  },
  examples: [{ start: "2001-01-01", end: "2001-04-01" }],
} as const;

const splitSchema = {
  title: "a split such as { by: key, test: 0.2 }",
  description: "How rows are divided into train and test. A row stays on its side when data is appended.",
  type: "object",
  additionalProperties: false,
  properties: {
    by: {
      description: "time: the latest rows are the test split. key: a hash of the key decides.",
      enum: ["time", "key"],
      default: "key",
      examples: ["time"],
    },
    test: {
      description: "Share of the rows in the test split.",
      type: "number",
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.2,
      examples: [0.2],
    },
    seed: {
      description:
        "Draws the split by key. Left out, it is that of the model's versions, or 0: the trainer's seed moves no row.",
      type: "integer",
      minimum: 0,
      maximum: 2147483647,
      examples: [1],
    },
    group: {
      ...columnSchema,
      description:
        "The column that says which rows belong together, such as those of one customer. A hash of it decides, so that they stay on one side, and intervals count them as one. It is no feature.",
      examples: ["customer_id"],
    },
  },
  default: {},
  examples: [
    { by: "time", test: 0.2 },
    { by: "key", group: "customer_id" },
  ],
} as const;

/** How long a row of a feature view counts: hours, days or weeks, and minutes or seconds where it must be. */
export const ttlSchema = {
  title: "a duration such as 30d, 12h or 90m",
  description: "A row of the view counts for so long: seconds (s), minutes (m), hours (h), days (d) or weeks (w).",
  type: "string",
  pattern: "^[1-9][0-9]{0,5}[smhdw]$",
  examples: ["30d"],
} as const;

/** The name of a feature view: that of its files. */
const viewName = "[a-z][a-z0-9_]{0,62}";

const viewUseSchema = {
  title: "the name of a feature view such as customer, customer@30d or { view: customer, ttl: 30d }",
  description: "A view of features/ whose columns each entity gets, as they were known at its time.",
  type: ["string", "object"],
  pattern: `^${viewName}(@[1-9][0-9]{0,5}[smhdw])?$`,
  additionalProperties: false,
  required: ["view"],
  properties: {
    view: {
      title: "the name of a feature view",
      description: "The name of the view: features/<name>.sql and features/<name>.yaml.",
      type: "string",
      pattern: `^${viewName}$`,
      examples: ["customer"],
    },
    ttl: { ...ttlSchema, description: "Instead of the view's own ttl." },
    on: {
      title: "a block such as { customer_id: buyer_id }",
      description: "Columns of the entities by column of the view's key, where their names differ.",
      type: "object",
      maxProperties: 32,
      additionalProperties: columnSchema,
      examples: [{ customer_id: "buyer_id" }],
    },
    columns: {
      title: "a list of column names",
      description: "Columns to take; all that the view's file names when left out.",
      type: "array",
      minItems: 1,
      maxItems: 1000,
      uniqueItems: true,
      items: columnSchema,
      examples: [["age", "orders_30d"]],
    },
    prefix: {
      title: "a text such as buyer_",
      description: "Put before the name of each column, where a view is joined twice.",
      type: "string",
      maxLength: 60,
      examples: ["buyer_"],
    },
  },
} as const;

/** The schema of `features` with the engines there are, besides which a source of mergeml.yaml may be named; a rule looks whether it is there. */
export function featuresSchemaWith(engines: readonly string[]) {
  const { engine, ...properties } = featuresSchema.properties;
  const named = `${engines.join(" or ")}, or a source of mergeml.yaml that runs queries itself`;
  const description = `${engine.description.slice(0, -1)}: ${named}.`;
  return { ...featuresSchema, properties: { engine: { ...engine, description, examples: engines }, ...properties } };
}

/** `features`: where the rows come from and what the columns mean. */
export const featuresSchema = {
  title: "a block of keys such as query, target and key",
  description: "The feature query, what its columns mean, and the checks on its rows.",
  type: "object",
  additionalProperties: false,
  required: ["target"],
  properties: {
    engine: {
      title: "the name of an engine, or of a source",
      description: "What runs the query.",
      type: "string",
      maxLength: 100,
      default: "duckdb",
      examples: ["duckdb"],
    },
    query: {
      title: "the path of an SQL file in the model's folder",
      description: "SQL file in the model's folder; one SELECT that returns one row per example.",
      type: "string",
      minLength: 1,
      maxLength: 255,
      default: "features.sql",
      examples: ["features.sql"],
    },
    entities: {
      title: "the path of an SQL file in the model's folder",
      description:
        "Instead of query: SQL file that returns a row per example with the keys of the views, features.time and the target. Each row gets the columns of features.views as they were known at its time.",
      type: "string",
      minLength: 1,
      maxLength: 255,
      examples: ["entities.sql"],
    },
    views: {
      title: "a list of feature views such as [customer, product@30d]",
      description: "The feature views that are joined to features.entities, point in time.",
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: viewUseSchema,
      examples: [["customer", "product@30d"]],
    },
    window: windowSchema,
    key: {
      title: "a column name or a list of column names",
      description:
        "The columns that identify a row: unique, not null, and no features. Without a key the row itself is hashed for the split, and labels cannot join logged predictions.",
      type: ["string", "array"],
      minLength: 1,
      maxLength: 255,
      items: columnSchema,
      minItems: 1,
      maxItems: 32,
      uniqueItems: true,
      examples: ["flight_id", ["carrier", "flight"]],
    },
    target: { ...columnSchema, description: "The column to predict.", examples: ["delay"] },
    time: {
      ...columnSchema,
      description: "The column that says when a row happened; needed to split by time. It is no feature.",
      examples: ["departed_at"],
    },
    split: splitSchema,
    checks: {
      title: "a list of checks",
      description: "Rules about the rows, checked before anything is trained.",
      type: "array",
      maxItems: 500,
      items: checkSchema,
      default: [],
      examples: [[{ rows: { min: 10000 } }]],
    },
  },
  examples: [{ query: "features.sql", key: "flight_id", target: "delay" }],
} as const;
