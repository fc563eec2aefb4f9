import type { Finding } from "../yaml/finding.ts";
import { dataCheckRules } from "./data-check-rules.ts";
import { featureRules, isPathInside, sameColumn } from "./feature-rules.ts";
import { type Rule, type RuleContext, when } from "./rule.ts";
import { searchRules } from "./search-rules.ts";
import { thresholdRules } from "./threshold-rules.ts";

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
