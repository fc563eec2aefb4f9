import { metricNames, taskOfMetric } from "../metric-names.ts";
import type { Task } from "../model-config.ts";
import { isUtcDate } from "../utc-time.ts";
import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";
import { sameColumn } from "./feature-rules.ts";
import { metricBoundsRules } from "./metric-bounds-rule.ts";
import { type RuleContext, when } from "./rule.ts";

type Thresholds = NonNullable<RuleContext["draft"]["thresholds"]>;

/** Metrics fit the task, bounds leave room, margins belong to non-inferior, slices and waivers mean something. */
export function thresholdRules({ draft, sound }: RuleContext): Finding[] {
  const { task, thresholds = {} } = draft;
  return [
    ...metricRule(thresholds.primary, ["thresholds", "primary"], task),
    ...(["first_deploy", "always"] as const).flatMap((rule) =>
      limitRules(thresholds[rule], ["thresholds", rule], task),
    ),
    ...(sound(["thresholds", "retrain", "mode"]) ? marginRules(thresholds.retrain, sound) : []),
    ...sliceRules(thresholds, draft.features?.target, task),
    ...waiverRules(thresholds, task, sound),
  ];
}

function metricRule(metric: string | undefined, path: KeyPath, task: Task | undefined, at?: "key"): Finding[] {
  const other = metric === undefined ? null : taskOfMetric(metric);
  return when(task && other && other !== task, () => ({
    path,
    ...(at && { at }),
    message: `${at ? dotted(path) : `${dotted(path)}: ${metric}`} is a metric of ${other}; this model does ${task}`,
    hint: `metrics of ${task}: ${metricNames[task!].join(", ")}`,
  }));
}

function limitRules(limits: Thresholds["always"], path: KeyPath, task: Task | undefined): Finding[] {
  return Object.entries(limits ?? {}).flatMap(([metric, bounds]) => {
    const misfit = metricRule(metric, [...path, metric], task, "key");
    return misfit.length > 0 ? misfit : metricBoundsRules(metric, bounds, [...path, metric]);
  });
}

function marginRules(retrain: Thresholds["retrain"], sound: RuleContext["sound"]): Finding[] {
  const path: KeyPath = ["thresholds", "retrain", "margin"];
  const { mode, margin } = retrain ?? {};
  return [
    ...when(mode === "non-inferior" && margin === undefined && sound(path), {
      path: ["thresholds", "retrain", "mode"],
      message: "thresholds.retrain.mode non-inferior needs a margin",
      hint: "say how much worse is still fine, for example  margin: 1%",
    }),
    ...when(mode !== "non-inferior" && margin !== undefined, {
      path,
      at: "key",
      message: `thresholds.retrain.margin has no meaning in mode ${mode}`,
      hint: "remove it, or write mode: non-inferior",
    }),
  ];
}

function sliceRules({ slices = [] }: Thresholds, target: string | undefined, task: Task | undefined): Finding[] {
  return slices.flatMap((slice, index) => {
    const path: KeyPath = ["thresholds", "slices", index];
    const { by, metric } = slice ?? {};
    const earlier = slices.findIndex(
      (other) => other && by !== undefined && other.by === by && other.metric === metric,
    );
    return [
      ...metricRule(metric, [...path, "metric"], task),
      ...when(by !== undefined && target !== undefined && sameColumn(by, target), {
        path: [...path, "by"],
        message: `${dotted(path)}.by is the target "${target}"`,
        hint: "slices are groups of rows by a feature",
      }),
      ...when(earlier >= 0 && earlier < index, {
        path: [...path, "by"],
        message: `${dotted(path)} repeats thresholds.slices[${earlier}]`,
        hint: "one rule by column and metric",
      }),
    ];
  });
}

function waiverRules(
  { waive = [], slices = [] }: Thresholds,
  task: Task | undefined,
  sound: RuleContext["sound"],
): Finding[] {
  const columns = slices.flatMap((slice) => slice?.by ?? []);
  return waive.flatMap((waiver, index) => {
    const path: KeyPath = ["thresholds", "waive", index];
    const { check = "", until } = waiver ?? {};
    return [
      ...when(until !== undefined && !isUtcDate(until), {
        path: [...path, "until"],
        message: `${dotted(path)}.until must be a date that exists, not ${JSON.stringify(until)}`,
        hint: "write the last day as in 2026-12-31",
      }),
      ...(sound(["thresholds", "slices"]) ? waivedSliceRule(check, [...path, "check"], columns) : []),
      ...waivedMetricRule(check, [...path, "check"], task),
    ];
  });
}

function waivedSliceRule(check: string, path: KeyPath, columns: readonly string[]): Finding[] {
  const known = columns.some((column) => check.startsWith(`slice:${column}=`));
  return when(check.startsWith("slice:") && !known, {
    path,
    message: `${dotted(path)}: no slice rule has the column of ${JSON.stringify(check)}`,
    hint: columns.length > 0 ? `slices are by ${columns.join(", ")}` : "there are no slice rules",
  });
}

function waivedMetricRule(check: string, path: KeyPath, task: Task | undefined): Finding[] {
  const metric = check.startsWith("metric:") ? check.slice("metric:".length) : null;
  if (metric === null || !task) return [];
  const known = metricNames[task].some((name) => name === metric);
  return when(!known, {
    path,
    message: `${dotted(path)}: ${JSON.stringify(metric)} is not a metric of ${task}`,
    hint: `metrics of ${task}: ${metricNames[task].join(", ")}`,
  });
}
