import { prepareData } from "../candidate/prepare-data.ts";
import { firstSplitSeed } from "../candidate/split-seed.ts";
import { type Naive, naiveOf } from "../candidate/train-candidate.ts";
import type { LoadedModel } from "../config/load-models.ts";
import { modelParser } from "../config/parse-model-config.ts";
import { loadTable, type Target } from "../data/table.ts";
import { type Problem, UserError } from "../errors/user-error.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { modelParts } from "../workspace/read-models.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type InferredModel, inferModel } from "./infer-model.ts";
import type { DataFile } from "./locate-data.ts";
import { featuresSqlText, modelYamlText } from "./model-text.ts";
import { type FirstThreshold, firstThreshold } from "./naive-threshold.ts";
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
