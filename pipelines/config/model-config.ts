import type { FromSchema } from "json-schema-to-ts";
import type { Json } from "./canonical-json.ts";
import type { tasks } from "./metric-names.ts";
import type { FilledModelConfig } from "./model-schema.ts";
import type { repositorySchema } from "./repository-schema.ts";
import type { boundsSchema } from "./schema/bounds-schema.ts";
import type { sourceSchemas } from "./schema/sources-schema.ts";

/** A value that an environment variable has. */
export interface FromVariable {
  env: string;
}

/** What a key of a source holds. The keys are flat, so that this is enough, where a general reading of the schemas is too much for the compiler. */
type ValueOf<Schema> = Schema extends { const: infer Value }
  ? Value
  : Schema extends { enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { type: "string" }
      ? string
      : Schema extends { type: "array" }
        ? readonly string[]
        : FromVariable;

type KeysOf<Schema> = Schema extends {
  required: readonly (infer Required extends string)[];
  properties: infer Properties;
}
  ? { readonly [Key in keyof Properties & Required]: ValueOf<Properties[Key]> } & {
      readonly [Key in Exclude<keyof Properties, Required>]?: ValueOf<Properties[Key]>;
    }
  : never;

/** What a source may be: `s3`, `postgres` … */
export type SourceType = keyof typeof sourceSchemas;

/** A source of mergeml.yaml of one type, or of any. */
export type SourceConfig<Type extends SourceType = SourceType> = {
  [Each in Type]: KeysOf<(typeof sourceSchemas)[Each]>;
}[Type];

/** The sources of mergeml.yaml, by name. */
export type Sources = Readonly<Record<string, SourceConfig>>;

/** A piece of a text that was put together from several files. */
export interface SourcePart {
  /** Where it begins in the text, and how long it is there; 0 when only a place stands for it. */
  at: number;
  length: number;
  /** The file that it is from, and where it begins there. */
  file: string;
  text: string;
  index: number;
}

/** A query, and where each piece of its text is from; of the file at its path when that is not said. */
export interface QueryText {
  path: string;
  text: string;
  parts?: readonly SourcePart[];
}

/** What configuration needs to know of a trainer. */
export interface TrainerSchema {
  /** The `type` in model.yaml. */
  readonly name: string;
  readonly summary: string;
  /** The files in the model's folder that `params.files` names determine the model, and are part of its identity. */
  readonly readsModelFolder?: true;
  readonly tasks: readonly Task[];
  readonly paramsSchema: ParamsSchema;
}

/** JSON Schema (2020-12) of `params`, with a description and default for each. */
export interface ParamsSchema {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, { readonly [key: string]: Json }>>;
}

/** What a model.yaml can name: a folder each, in a table of its step. They are passed in, because config comes before them. */
export interface ModelParts {
  readonly trainers: readonly TrainerSchema[];
  /** Names of engines. */
  readonly engines: readonly string[];
}

// The types of a config come from its schema, which describes every key; here stands what completing it changes.

/** With lists that nobody changes. */
type Listed<T> = T extends readonly (infer Item)[]
  ? readonly Listed<Item>[]
  : T extends object
    ? { [Key in keyof T]: Listed<T[Key]> }
    : T;

/** Some keys of a type given anew. */
type With<T, Changed> = Omit<T, keyof Changed> & Changed;

type Filled = Listed<FilledModelConfig>;

export type Task = (typeof tasks)[number];

/** Inclusive bounds on a metric, e.g. `{ max: 35 }`. */
export type Bounds = FromSchema<typeof boundsSchema>;

/** Metric name to its bounds. */
export type Limits = Readonly<Record<string, Bounds>>;

/** `start` inclusive, `end` exclusive; ISO dates or timestamps, UTC. */
export type Window = NonNullable<Filled["features"]["window"]>;

/** One rule about the rows of the feature query. A check names a column, or `rows`, or two columns to compare. */
export type DataCheck = With<
  Filled["features"]["checks"][number],
  { between?: readonly [low: number | string | null, high: number | string | null] }
>;

export type Severity = DataCheck["severity"];

/** A share of what production has, e.g. `10%` is `{ relative: 0.1 }`, or an amount in the metric's unit. */
type Amount = { relative: number } | { absolute: number };

export type SliceRule = With<
  Filled["thresholds"]["slices"][number],
  { metric: string /** How much worse than production a slice may get. */; max_regression: Amount }
>;

/** An exception from a gate check, by its id, until the end of a day (UTC). */
export type Waiver = Filled["thresholds"]["waive"][number];

export type RetrainRule = With<
  Filled["thresholds"]["retrain"],
  { /** Only for non-inferior. */ margin: Amount | null }
>;

export type Thresholds = With<
  Filled["thresholds"],
  {
    /** A text, because a record may come from a version that has other metrics. */
    primary: string;
    first_deploy: Limits;
    always: Limits;
    retrain: RetrainRule;
    slices: readonly SliceRule[];
    /** What becomes of a candidate that is no better than naive; absent from records of before it was asked. */
    naive?: Severity;
    /** Absent from records of before it was asked. */
    min_test_rows?: number;
  }
>;

/** What a search may draw for a param. */
export interface SearchRange {
  min: number;
  max: number;
  scale: "linear" | "log";
  integer: boolean;
}

export type SearchConfig = With<
  NonNullable<Filled["search"]>,
  {
    /** By param: values to choose from, or a range. */
    space: Readonly<Record<string, readonly Json[] | SearchRange>>;
    metric: string;
  }
>;

/** A view that a point-in-time join takes columns of. */
export interface ViewUse {
  view: string;
  /** Of the view unless given here. */
  ttl: string | null;
  /** Columns of the entities by column of the view's key; those left out have the same name. */
  on: Readonly<Record<string, string>>;
  /** All that the view names when null. */
  columns: readonly string[] | null;
  /** Before the name of each column. */
  prefix: string;
}

/** A feature view as a query was composed with it. */
export interface ComposedView {
  name: string;
  /** Its SQL as written. */
  query: string;
  key: readonly string[];
  time: string | null;
  columns: readonly string[];
  constraints: readonly DataCheck[];
}

/** What the text of a query was made of. */
export interface Composition {
  /** The text of the model's own file. */
  query: string;
  /** Each after those that it reads. */
  views: readonly ComposedView[];
  /** Columns of the entities that only join, and are no features. */
  joined: readonly string[];
}

export type FeaturesConfig = With<
  Filled["features"],
  {
    /** Absent without a point-in-time join. */
    views?: readonly ViewUse[];
    /** Absent when no view is used. */
    composition?: Composition;
    window: Window | null;
    /** Empty when the row itself is hashed. */
    key: readonly string[];
    time: string | null;
    checks: readonly DataCheck[];
  }
>;

/** When the last promotion is taken back without a person; at least one condition is asked for. */
export interface RollbackConfig {
  when: {
    /** Shares, 0..1; null when not asked for. */
    error_rate: number | null;
    outside_reference: number | null;
    worse_than_previous: boolean;
  };
  min_rows: number;
}

/** When a version goes on to the next environment. */
export type PromoteRule = NonNullable<Filled["promote"]>["when"];

/** A model.yaml once checked and completed with defaults. Keys are spelt as in YAML. */
export type ModelConfig = With<
  Filled,
  {
    owner: string | null;
    /** Complete: the trainer's defaults are filled in. */
    params: Readonly<Record<string, Json>>;
    search: SearchConfig | null;
    features: FeaturesConfig;
    thresholds: Thresholds;
    drift: With<Filled["drift"], { query: string | null }>;
    /** null: never. */
    rollback: RollbackConfig | null;
  }
>;

/** mergeml.yaml once checked and completed. */
export type RepositoryConfig = With<Listed<FromSchema<typeof repositorySchema>>, { defaults: Json; sources: Sources }>;
