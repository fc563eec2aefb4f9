import { basename } from "node:path";
import type { InferredModel } from "./infer-model.ts";

/** The first model.yaml of a model: short, commented where a person has to decide. */
export function modelYamlText({ name, task, target, key }: InferredModel): string {
  const thresholds =
    task === "regression"
      ? [
          "  primary: rmse",
          "  first_deploy: { r2: { min: 0 } } # better than the mean. Put your business threshold here, e.g. rmse: { max: 35 }",
        ]
      : [
          "  primary: log_loss",
          "  first_deploy: { accuracy: { min: 0.5 } } # Put your business threshold here, e.g. log_loss: { max: 0.4 }",
        ];
  return [
    "# yaml-language-server: $schema=../model.schema.json",
    `name: ${name}`,
    `description: Predicts ${JSON.stringify(target).slice(1, -1)}`,
    `task: ${task}`,
    "type: gradient-boosting # or: linear, neural-network. All params: mergeml help gradient-boosting",
    "seed: 42",
    "params: { trees: 100, learning_rate: 0.1, max_leaves: 31 }",
    "features:",
    "  query: features.sql",
    ...(key === null ? [] : [`  key: ${JSON.stringify(key)}`]),
    `  target: ${JSON.stringify(target)}`,
    "  split: { by: key, test: 0.2 } # a hash of the key, or of the row without one; or by: time",
    "  checks:",
    "    - { rows: { min: 20 } } # also: not_null, between, in_set, matches, mean, quantile … see model.schema.json",
    "thresholds:",
    ...thresholds,
    "",
  ].join("\n");
}

/** The feature query: every column the model learns from, and why others are left out. */
export function featuresSqlText({ file, target, key, features, left_out }: InferredModel): string {
  const columns = [...(key === null ? [] : [key]), ...features, target].map((name) => `  ${quoted(name)}`);
  const comments = left_out.map(({ name, why }) => `-- ${oneLine(name)} is left out: ${oneLine(why)}`);
  return [...comments, "SELECT", columns.join(",\n"), `FROM '${basename(file).replaceAll("'", "''")}'`, ""].join("\n");
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

/** Quoted always: a column may be named like a keyword. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const reserved = new Set(
  "all and any array as asc both case cast check column constraint create default desc distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral leading limit not null offset on only or order primary references returning select show some summarize symmetric table then to trailing true union unique using variadic when where window with".split(
    " ",
  ),
);
