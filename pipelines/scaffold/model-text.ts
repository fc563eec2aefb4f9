import type { InferredModel, QueryColumn } from "./infer-model.ts";
import type { FirstThreshold } from "./naive-threshold.ts";
import { quotedName } from "./query-name.ts";

/** The first model.yaml of a model: short, commented where a person has to decide. */
export function modelYamlText(model: InferredModel, threshold: FirstThreshold): string {
  const { name, task, target, key, time } = model;
  return [
    "# yaml-language-server: $schema=../model.schema.json",
    `name: ${name}`,
    `description: ${JSON.stringify(`Predicts ${target.name}`)}`,
    `task: ${task}`,
    "type: gradient-boosting # or: linear, neural-network. All params: mergeml help gradient-boosting",
    "seed: 42",
    `params: { ${paramsOf(model)} }`,
    "features:",
    "  query: features.sql",
    ...(key === null ? [] : [`  key: ${JSON.stringify(key.name)}`]),
    `  target: ${JSON.stringify(target.name)}`,
    ...(time === null ? [] : [`  time: ${JSON.stringify(time.name)}`]),
    splitLine(model),
    "  checks:",
    "    - { rows: { min: 20 } } # also: not_null, between, in_set, matches, mean, quantile … see model.schema.json",
    "thresholds:",
    `  primary: ${threshold.primary}`,
    `  first_deploy: { ${threshold.metric}: { ${threshold.bound}: ${threshold.value} } } # ${threshold.comment}`,
    ...minRowsLines(model),
    "",
  ].join("\n");
}

/** Leaves of the usual 20 rows would leave a small table without a split. */
function paramsOf({ rows }: InferredModel): string {
  const leaf = Math.max(2, Math.floor(rows / 8));
  return `trees: 100, learning_rate: 0.1, max_leaves: 31${leaf < 20 ? `, min_rows_per_leaf: ${leaf}` : ""}`;
}

/** A small table could not have a verdict at all with the usual 30 test rows; half of what it has lets some rows leave. */
function minRowsLines({ rows }: InferredModel): string[] {
  const tests = Math.round(rows * 0.2);
  if (tests >= 60) return [];
  const least = Math.max(1, Math.floor(tests / 2));
  return [
    `  min_test_rows: ${least} # fewer judged rows are no verdict. Some ${tests} test rows tell little: raise it to 30 with more data`,
  ];
}

function splitLine({ key, time }: InferredModel): string {
  if (time !== null) return "  split: { by: time, test: 0.2 } # the latest rows are the test; or by: key, a hash";
  const hashed = key === null ? "of the row, as there is no features.key" : "of the key";
  return `  split: { by: key, test: 0.2 } # a hash ${hashed}; or by: time. Rows that belong together: group: <column>`;
}

/** The feature query: every column the model learns from, and why others are left out. `from` is what stands behind FROM. */
export function featuresSqlText(model: InferredModel, from: string): string {
  const { target, key, time, features, left_out, where, missing_targets } = model;
  const columns = [...(key ? [key] : []), ...(time ? [time] : []), ...features, target].map(
    (each) => `  ${selected(each)}`,
  );
  return [
    ...left_out.map(({ name, why }) => `-- ${oneLine(name)} is left out: ${oneLine(why)}`),
    "SELECT",
    columns.join(",\n"),
    `FROM ${from}`,
    ...(where === null ? [] : [`WHERE ${where} -- ${missing_targets.toLocaleString("en-US")} without a target`]),
    "",
  ].join("\n");
}

function selected({ name, sql }: QueryColumn): string {
  return sql === null ? quotedName(name) : `${sql} AS ${quotedName(name)}`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
