import { didYouMean } from "../../errors/expected-error.ts";
import type { Json } from "../canonical-json.ts";
import { metricNames, taskOfMetric } from "../metric-names.ts";
import { compileSchema } from "../schema/compile-schema.ts";
import { spaceSchema } from "../schema/space-schema.ts";
import type { Finding, KeyPath } from "../yaml/finding.ts";
import { type RuleContext, when } from "./rule.ts";

/** Combinations that a grid may have: each is a training. */
const largestGrid = 1000;

type Search = NonNullable<RuleContext["draft"]["search"]>;
type Choices = readonly Json[] | { readonly [key: string]: Json };

/** The metric fits the task, ranges leave room, a grid can be walked through, and halving has something to grow. */
export function searchRules(context: RuleContext): Finding[] {
  const { search, task } = context.draft;
  if (!search) return [];
  const misfits = [
    ...metricRule(search.metric, task),
    ...(search.method === "halving" ? resourceRules(search, context) : []),
  ];
  const unsound = spaceFindings(search, context);
  if (unsound.length > 0) return [...misfits, ...unsound];
  const space = Object.entries((search.space ?? {}) as Readonly<Record<string, Choices>>);
  return [
    ...misfits,
    ...space.flatMap(([name, choices]) => rangeRules(["search", "space", name], choices, search.method)),
    ...(search.method === "grid" ? gridRule(space) : []),
  ];
}

/** The values of the space against the trainer's params; compiled here because few models search. */
function spaceFindings({ space }: Search, { draft, trainers }: RuleContext): Finding[] {
  const trainer = trainers.find(({ name }) => name === draft.type);
  if (!trainer || !space) return [];
  const schema = { properties: { search: { properties: { space: spaceSchema(trainer) } } } };
  const kind = (parent: KeyPath) => (parent.length === 2 ? `param of ${trainer.name}` : "known key");
  return compileSchema(schema, kind)({ search: { space } });
}

function metricRule(metric: Search["metric"], task: RuleContext["draft"]["task"]): Finding[] {
  const other = metric === undefined ? null : taskOfMetric(metric);
  return when(task && other && other !== task, () => ({
    path: ["search", "metric"],
    message: `search.metric: ${metric} is a metric of ${other}; this model does ${task}`,
    hint: `metrics of ${task}: ${metricNames[task!].join(", ")}`,
  }));
}

function rangeRules(path: KeyPath, choices: Choices, method: Search["method"]): Finding[] {
  if (isList(choices)) return [];
  const { min, max, scale, integer } = choices;
  const name = path.join(".");
  if (typeof min !== "number" || typeof max !== "number") return [];
  return [
    ...when(method === "grid", {
      path,
      message: `${name} is a range, and a grid needs values`,
      hint: `list them, such as [${min}, ${max}], or use  method: random`,
    }),
    ...when(min >= max, {
      path: [...path, "min"],
      message: `${name}: min ${min} is not below max ${max}`,
      hint: "a single value belongs into params",
    }),
    ...when(integer === true && min < max && Math.ceil(min) > Math.floor(max), {
      path,
      message: `${name}: there is no whole number from ${min} to ${max}`,
      hint: "widen the range, or take out  integer: true",
    }),
    ...when(scale === "log" && min <= 0, {
      path: [...path, "min"],
      message: `${name}: min must be above 0 on a log scale, not ${min}`,
      hint: "raise min, or use  scale: linear",
    }),
  ];
}

function gridRule(space: readonly (readonly [string, Choices])[]): Finding[] {
  const size = space.reduce((product, [, choices]) => product * (isList(choices) ? choices.length : 1), 1);
  return when(size > largestGrid, {
    path: ["search", "space"],
    message: `search.space has ${size} combinations; a grid may have ${largestGrid}`,
    hint: "shorten the lists, or draw some combinations with  method: random",
  });
}

function resourceRules({ resource = "rows", space }: Search, { draft, trainers, sound }: RuleContext): Finding[] {
  const trainer = trainers.find(({ name }) => name === draft.type);
  if (resource === "rows" || !trainer || !sound(["search", "resource"])) return [];
  const known = Object.entries(trainer.paramsSchema.properties).filter(([, { type }]) => type === "integer");
  const names = ["rows", ...known.map(([name]) => name)];
  const path = ["search", "resource"];
  if (!names.includes(resource)) {
    const meant = didYouMean(resource, names);
    const list = `it is one of ${names.join(", ")}`;
    const message = `search.resource: ${resource.slice(0, 60)} is not a budget that ${trainer.name} has`;
    return [{ path, message, hint: meant ? `did you mean ${meant}?  ${list}` : list }];
  }
  return when(Object.hasOwn(space ?? {}, resource), {
    path,
    message: `search.resource: ${resource} is in search.space too, but halving sets it`,
    hint: `take ${resource} out of search.space; its value in params is what the last round gets`,
  });
}

function isList(choices: Choices): choices is readonly Json[] {
  return Array.isArray(choices);
}
