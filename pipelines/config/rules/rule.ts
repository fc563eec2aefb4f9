import { type MetricName, metricRanges, taskOfMetric, worseSide } from "../metric-names.ts";
import type { ModelParts } from "../model-config.ts";
import type { FilledModelConfig } from "../model-schema.ts";
import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";

/** A config of which any part may be missing, because it was wrong and is reported already. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? readonly (Draft<Item> | null)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Draft<T[Key]> }
    : T;

/** What a rule looks at. Rules see the config after the schema did: present values have the right shape. */
export interface RuleContext extends ModelParts {
  draft: Draft<FilledModelConfig>;
  /** Name of the model's folder, when known. */
  folder: string | undefined;
  /** False when the value at the path is wrong and was replaced by its default. */
  sound(path: KeyPath): boolean;
}

/** What the schema cannot say about several keys together. */
export type Rule = (context: RuleContext) => Finding[];

/** The finding in a list when the condition holds, else nothing: rules are lists of these. */
export function when(condition: unknown, finding: Finding | (() => Finding)): Finding[] {
  if (!condition) return [];
  return [typeof finding === "function" ? finding() : finding];
}

/** Bounds leave room: min is not above max. */
export function boundsRule(bounds: { min?: number; max?: number } | null | undefined, path: KeyPath): Finding[] {
  const { min, max } = bounds ?? {};
  return when(min !== undefined && max !== undefined && min > max, {
    path: [...path, "min"],
    message: `${dotted(path)}: min ${min} is above max ${max}`,
    hint: "swap them",
  });
}

interface WrittenBounds {
  min?: number;
  max?: number;
}

/** Bounds on a metric keep worse models out, and leave room for some model. */
export function metricBoundsRules(metric: string, bounds: WrittenBounds | null | undefined, path: KeyPath): Finding[] {
  if (taskOfMetric(metric) === null || !bounds) return boundsRule(bounds, path);
  const name = metric as MetricName;
  const wrong = wrongSideRule(name, bounds, path);
  if (wrong.length > 0) return wrong;
  return [...boundsRule(bounds, path), ...unreachableRule(name, bounds, path)];
}

/** `rmse: { min: 35 }` would pass a model with an rmse of 216 and block a better one. */
function wrongSideRule(metric: MetricName, bounds: WrittenBounds, path: KeyPath): Finding[] {
  const right = worseSide(metric);
  if (right === null) return [];
  const wrong = right === "max" ? "min" : "max";
  const value = bounds[wrong];
  const instead = bounds[right] === undefined ? `write  ${metric}: { ${right}: ${value} }` : `take out ${wrong}`;
  return when(value !== undefined, {
    path: [...path, wrong],
    at: "key",
    message: `${dotted(path)}: ${wrong} ${value} lets worse models pass and blocks better ones, because of ${metric} ${right === "max" ? "less" : "more"} is better`,
    hint: instead,
  });
}

/** No model has an accuracy of 80: 80% was meant. The size of a bias, which `max` bounds, is not negative either. */
function unreachableRule(metric: MetricName, { min, max }: WrittenBounds, path: KeyPath): Finding[] {
  const { min: low = Number.NEGATIVE_INFINITY, max: high = Number.POSITIVE_INFINITY } = metricRanges[metric];
  const least = metric === "bias" ? 0 : low;
  const percent = min !== undefined && high === 1 && min <= 100;
  return [
    ...when(min !== undefined && min > high, {
      path: [...path, "min"],
      message: `${dotted(path)}: min ${min} can never be reached, because ${metric} is at most ${high}`,
      hint: percent ? `write  min: ${min / 100}` : "lower it",
    }),
    ...when(max !== undefined && max < least, {
      path: [...path, "max"],
      message: `${dotted(path)}: max ${max} can never be kept, because ${metric === "bias" ? "the size of a bias" : metric} is at least ${least}`,
      hint: "raise it",
    }),
  ];
}
