import { prepareData } from "../candidate/prepare-data.ts";
import { firstSplitSeed } from "../candidate/split-seed.ts";
import { type Naive, naiveOf } from "../candidate/train-candidate.ts";
import type { LoadedModel } from "../config/load-models.ts";
import type { Task } from "../config/model-config.ts";
import { modelParser } from "../config/parse-model-config.ts";
import { loadTable, type Target } from "../data/table.ts";
import { type Problem, UserError } from "../errors/expected-error.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { modelParts, type Workspace } from "../workspace/workspace.ts";
import { type InferredModel, inferModel, type QueryColumn } from "./infer-model.ts";
import type { DataFile } from "./locate-data.ts";
import { quotedName } from "./query-name.ts";
import { readTable } from "./table/read-table.ts";
import type { DataTable } from "./table/table.ts";

/** A first model: the texts of its files, and what they were made of. */
export interface FirstModel {
  inferred: InferredModel;
  table: Pick<DataTable, "rows" | "notes"> & { columns: number };
  threshold: FirstThreshold;
  /** The naive baseline's score on the primary metric; null when it could not be had. */
  naive: number | null;
  /** What a training would stop at. */
  problems: readonly Problem[];
  yaml: string;
  sql: string;
}

/**
 * Reads a data file, infers a model of it, and runs its query once for the score that its threshold is put at. Writes no file of
 * the user's.
 */
export async function draftModel(
  workspace: Workspace,
  file: DataFile,
  wanted: { name?: string; target?: string },
  checkName: (name: string) => void,
): Promise<FirstModel> {
  const table = await readTable(file.path, file.name);
  const inferred = inferModel(file.name, table, wanted);
  checkName(inferred.name);
  const sql = featuresSqlText(inferred, table.from(file.inQuery));
  const provisional = modelYamlText(inferred, firstThreshold(inferred.task, null));
  const folders = { ...workspace, repository: { ...workspace.repository, data: dataFolders(workspace, file) } };
  const { naive, problems } = await tryScore(folders, loadText(folders, inferred.name, provisional, sql));
  const threshold = firstThreshold(inferred.task, naive);
  const { rows, notes, columns } = table;
  return {
    inferred,
    table: { rows, notes, columns: columns.length },
    threshold,
    naive,
    problems,
    yaml: modelYamlText(inferred, threshold),
    sql,
  };
}

function dataFolders({ repository }: Workspace, { folder }: DataFile): readonly string[] {
  return repository.data.includes(folder) ? repository.data : [folder];
}

function loadText({ repository }: Workspace, name: string, yaml: string, sql: string): LoadedModel {
  const file = `models/${name}/model.yaml`;
  const { sources, defaults } = repository;
  const { config, problems, locate } = modelParser({ ...modelParts(sources), defaults })(yaml, file, name);
  if (!config) throw new UserError(problems);
  return { config, file, query: { path: `models/${name}/features.sql`, text: sql }, locate };
}

/** A table that cannot be trained on gets its files all the same: they are where it is mended. */
async function tryScore(workspace: Workspace, model: LoadedModel): Promise<Pick<FirstModel, "naive" | "problems">> {
  try {
    return { naive: await naiveScore(workspace, model), problems: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { naive: null, problems: error.problems };
  }
}

/**
 * What a model that learned nothing scores on the primary metric, on the test split that the first training will have: the
 * query, the split and the metric are those of a training, and its step is in the cache then. null when a check failed or the
 * metric is not defined. Throws UserError like a training does.
 */
async function naiveScore(workspace: Workspace, model: LoadedModel): Promise<number | null> {
  const data = await prepareData(workspace, model, firstSplitSeed(model.config));
  if (!data.ok) return null;
  const { config } = model;
  const request = { features: [], target: config.features.target, task: config.task, classes: data.classes };
  const [train, test] = [
    await loadTable(workspace.store, data.train, request),
    await loadTable(workspace.store, data.test, request),
  ];
  return scoreOf(model, naiveOf(train.target), test.target, data.classes);
}

function scoreOf(
  { config: { task, thresholds, seed } }: LoadedModel,
  naive: Naive,
  target: Target,
  classes: readonly string[],
): number | null {
  const { metrics } = evaluate({
    task,
    primary: thresholds.primary,
    confidence: thresholds.retrain.confidence,
    sliceRules: [],
    target,
    candidate: { rows: 0, classes, values: new Float32Array(0) },
    production: null,
    baseline: { state: "none" },
    naive,
    groups: new Map(),
    seed,
    model: "",
    test_fingerprint: "",
    features: [],
    classes,
  });
  return metrics[0]?.naive ?? null;
}

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

/** The first `thresholds` of a model: the metric that means better, and a limit on it. */
interface FirstThreshold {
  primary: string;
  metric: string;
  bound: "min" | "max";
  value: number;
  comment: string;
}

/** The metric by which a first model of a task is judged; smaller is better. */
function firstPrimary(task: Task): "rmse" | "log_loss" {
  return task === "regression" ? "rmse" : "log_loss";
}

/**
 * A limit that a model passes only when it learned something: what predicting the mean, or the shares of the classes, scores on
 * the test split. Without that score a limit that does not need it.
 */
export function firstThreshold(task: Task, naive: number | null): FirstThreshold {
  const primary = firstPrimary(task);
  const put = "put your business threshold here";
  if (naive !== null) {
    const value = roundUp(naive);
    return { primary, metric: primary, bound: "max", value, comment: `naive's own score: ${put}` };
  }
  return task === "regression"
    ? { primary, metric: "r2", bound: "min", value: 0, comment: `better than the mean: ${put}, e.g. rmse: { max: 35 }` }
    : { primary, metric: "accuracy", bound: "min", value: 0.5, comment: `${put}, e.g. log_loss: { max: 0.4 }` };
}

/** Four digits, and never below the score: the limit is inclusive. */
function roundUp(value: number): number {
  const rounded = Number(value.toPrecision(4));
  if (rounded >= value) return rounded;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 3);
  return Number((rounded + unit).toPrecision(4));
}
