import type { Json } from "./canonical-json.ts";
import type {
  DataCheck,
  FeaturesConfig,
  ModelConfig,
  RollbackConfig,
  SearchConfig,
  SearchRange,
  SliceRule,
  Thresholds,
  ViewUse,
} from "./model-config.ts";
import type { TrainerSchema } from "./model-parts.ts";
import type { FilledModelConfig } from "./model-schema.ts";
import { fillDefaults } from "./schema/fill-defaults.ts";

/** The form in which every step uses a config: optional keys are null or empty, shares are numbers. The config must be valid. */
export function completeConfig(filled: FilledModelConfig, trainer: TrainerSchema): ModelConfig {
  return {
    name: filled.name,
    description: filled.description,
    owner: filled.owner ?? null,
    task: filled.task,
    type: filled.type,
    seed: filled.seed,
    params: fillDefaults(trainer.paramsSchema, filled.params as Json) as ModelConfig["params"],
    search: filled.search ? completeSearch(filled.search, filled.thresholds.primary, trainer) : null,
    features: completeFeatures(filled.features),
    thresholds: completeThresholds(filled.thresholds),
    drift: { ...filled.drift, query: filled.drift.query ?? null },
    retrain: filled.retrain,
    rollback: completeRollback(filled),
    // Absent unless written, so that records of models without it stay what they were.
    ...(filled.promote && { promote: filled.promote }),
    ...(filled.serving && { serving: filled.serving }),
    ...(filled.card && { card: filled.card }),
    resources: filled.resources,
  };
}

function completeSearch(
  search: NonNullable<FilledModelConfig["search"]>,
  primary: string,
  { paramsSchema }: TrainerSchema,
): SearchConfig {
  const { method, space, trials, metric = primary, validation, parallel, eta, resource } = search;
  const choices = Object.entries(space as SearchConfig["space"]).map(([name, choice]) => {
    if (Array.isArray(choice)) return [name, choice];
    const { min, max, scale = "linear", integer = false } = choice as Partial<SearchRange>;
    return [name, { min, max, scale, integer: integer || paramsSchema.properties[name]?.type === "integer" }];
  });
  return { method, space: Object.fromEntries(choices), trials, metric, validation, parallel, eta, resource };
}

function completeFeatures(features: FilledModelConfig["features"]): FeaturesConfig {
  const { engine, query, entities, views, window, key, target, time, split, checks } = features;
  return {
    engine,
    query: entities ?? query,
    // Absent without a join, so that the hashes of other models stay what they were.
    ...(entities !== undefined && { entities, views: (views ?? []).map(completeViewUse) }),
    window: window ?? null,
    key: typeof key === "string" ? [key] : ((key as readonly string[] | undefined) ?? []),
    target,
    time: time ?? null,
    split,
    checks: checks as readonly DataCheck[],
  };
}

/** `product@30d` is short for `{ view: product, ttl: 30d }`. */
function completeViewUse(written: NonNullable<FilledModelConfig["features"]["views"]>[number]): ViewUse {
  if (typeof written === "string") {
    const [view = "", ttl = null] = written.split("@");
    return { view, ttl, on: {}, columns: null, prefix: "" };
  }
  const { view, ttl = null, on, columns = null, prefix } = written as Partial<ViewUse>;
  return { view: view ?? "", ttl, on: on ?? {}, columns, prefix: prefix ?? "" };
}

function completeThresholds(thresholds: FilledModelConfig["thresholds"]): Thresholds {
  const { primary, first_deploy, retrain, always, slices, naive, allow_breaking, min_test_rows, waive } = thresholds;
  return {
    primary,
    first_deploy: first_deploy as Thresholds["first_deploy"],
    retrain: { ...retrain, margin: retrain.margin === undefined ? null : amount(retrain.margin) },
    always: always as Thresholds["always"],
    slices: slices.map((slice) => completeSlice(slice, primary)),
    naive,
    allow_breaking,
    min_test_rows,
    waive,
  };
}

function completeSlice(slice: FilledModelConfig["thresholds"]["slices"][number], primary: string): SliceRule {
  const { by, metric = primary, max_regression, min_rows } = slice;
  return { by, metric, max_regression: amount(max_regression), min_rows };
}

/** A block without a condition is none, so that configs of before it was known are equal to it. */
function completeRollback({ rollback: { when, min_rows }, drift }: FilledModelConfig): RollbackConfig | null {
  const [error_rate, outside_reference] = [when.error_rate, when.outside_reference].map((written) =>
    written === undefined ? null : shareOf(written),
  ) as [number | null, number | null];
  const { worse_than_previous } = when;
  if (error_rate === null && outside_reference === null && !worse_than_previous) return null;
  return { when: { error_rate, outside_reference, worse_than_previous }, min_rows: min_rows ?? drift.min_rows };
}

function shareOf(written: number | string): number {
  return typeof written === "number" ? written : Number(written.slice(0, -1)) / 100;
}

/** `10%` is relative, a number is in the metric's unit. */
function amount(written: number | string): { relative: number } | { absolute: number } {
  return typeof written === "number" ? { absolute: written } : { relative: Number(written.slice(0, -1)) / 100 };
}
