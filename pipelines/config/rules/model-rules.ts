import type { Json } from "../canonical-json.ts";
import { isBlock } from "../merge-defaults.ts";
import { metricNames, taskOfMetric } from "../metric-names.ts";
import type { Task } from "../model-config.ts";
import { isUtcDate } from "../utc-time.ts";
import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";
import { dataCheckRules, featureRules, isPathInside, sameColumn } from "./feature-rules.ts";
import { metricBoundsRules, type Rule, type RuleContext, when } from "./rule.ts";
import { searchRules } from "./search-rules.ts";

const rules: readonly Rule[] = [
  identityRules,
  searchRules,
  featureRules,
  dataCheckRules,
  thresholdRules,
  operationRules,
];

/** Everything about a model.yaml that the schema cannot say. */
export function modelRules(context: RuleContext): Finding[] {
  return rules.flatMap((rule) => rule(context));
}

/** Drift must be able to persist as asked, and a retrain needs a window that it can move. */
function operationRules({ draft, sound }: RuleContext): Finding[] {
  const { drift, retrain, features } = draft;
  const noWindow = features !== undefined && features.window === undefined && sound(["features", "window"]);
  const hint = "add  window: { start: …, end: … }  to features and use $start and $end in the query";
  return [
    ...persistRule(drift?.persist),
    ...queryRule(drift?.query),
    ...groupRule(drift?.group, features),
    ...when(noWindow && drift?.on_drift === "pull-request", {
      path: ["drift", "on_drift"],
      message: "drift.on_drift is pull-request, but features.window is missing: there is nothing to move forward",
      hint,
    }),
    ...when(noWindow && retrain?.schedule !== undefined && retrain.schedule !== "never", {
      path: ["retrain", "schedule"],
      message: `retrain.schedule is ${retrain?.schedule}, but features.window is missing: there is nothing to move forward`,
      hint,
    }),
  ];
}

function queryRule(query: string | undefined): Finding[] {
  return when(query !== undefined && !isPathInside(query), {
    path: ["drift", "query"],
    message: `drift.query must be the path of a file in the model's folder, not ${JSON.stringify(query)}`,
    hint: "for example monitoring.sql; no leading slash, no .. and no backslash",
  });
}

function groupRule(group: string | undefined, features: RuleContext["draft"]["features"]): Finding[] {
  const { target, key } = features ?? {};
  const keys = typeof key === "string" ? [key] : (key ?? []);
  const is = (name: string | null | undefined) =>
    group !== undefined && typeof name === "string" && sameColumn(name, group);
  const path = ["drift", "group"];
  const hint =
    "name a column that several rows share: a feature, a part of features.key, features.time or features.split.group";
  return [
    ...when(is(target), { path, message: `drift.group is "${group}", which is features.target too`, hint }),
    ...when(keys.length === 1 && is(keys[0]), {
      path,
      message: `drift.group is "${group}", which is features.key too: each row would be a group of its own`,
      hint,
    }),
  ];
}

function persistRule(persist: string | undefined): Finding[] {
  const [needed = 0, windows = 0] = (persist ?? "").split(" of ").map(Number);
  return when(needed > windows, {
    path: ["drift", "persist"],
    message: `drift.persist: ${needed} of ${windows} windows can never be`,
    hint: "the first number is at most the second, as in 2 of 3",
  });
}

/** The name is the folder's, and the trainer can do the task. */
function identityRules({ draft, folder, trainers }: RuleContext): Finding[] {
  const { name, task, type } = draft;
  const trainer = trainers.find((each) => each.name === type);
  return [
    ...when(folder !== undefined && name !== undefined && name !== folder, {
      path: ["name"],
      message: `name is "${name}" but the folder is "${folder}"`,
      hint: `write name: ${folder}, or rename the folder`,
    }),
    ...when(trainer && task && !trainer.tasks.includes(task), () => ({
      path: ["type"],
      message: `the trainer ${type} does not do ${task}`,
      hint: trainersFor(task!, trainers),
    })),
  ];
}

function trainersFor(task: "regression" | "classification", trainers: RuleContext["trainers"]): string {
  const able = trainers.filter((trainer) => trainer.tasks.includes(task)).map((trainer) => trainer.name);
  return able.length > 0 ? `trainers for ${task}: ${able.join(", ")}` : `no trainer does ${task}`;
}

type Thresholds = NonNullable<RuleContext["draft"]["thresholds"]>;

/** Metrics fit the task, bounds leave room, margins belong to non-inferior, slices and waivers mean something. */
function thresholdRules({ draft, sound }: RuleContext): Finding[] {
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

/** A copy without the values at the paths, so that rules see sound values only. An item of a list becomes null, to keep the places of the others. */
export function prune(value: Json, paths: readonly KeyPath[]): Json {
  return paths.reduce(without, value);
}

function without(value: Json, path: KeyPath): Json {
  const [step, ...rest] = path;
  if (step === undefined) return null;
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === step ? without(item, rest) : item));
  }
  if (!isBlock(value) || !Object.hasOwn(value, step)) return value;
  if (rest.length > 0) return { ...value, [step]: without(value[step]!, rest) };
  const { [step]: _, ...others } = value;
  return others;
}
