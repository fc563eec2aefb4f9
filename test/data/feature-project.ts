import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DataCheck, FeaturesConfig, ModelConfig } from "../../pipelines/config/model-config.ts";
import { buildFeatures, type FeatureJob } from "../../pipelines/data/build-features.ts";
import {
  type DatasetStore,
  type FeatureData,
  type FeatureResult,
  openDatasetStore,
} from "../../pipelines/data/dataset-store.ts";
import { openDuckdb } from "../../pipelines/data/engines/duckdb/process/open-duckdb.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { defaultSettings, defaultThresholds } from "../default-settings.ts";

/** A scratch repository with data files, removed when the scope ends. */
export interface Project extends AsyncDisposable {
  root: string;
  store: DatasetStore;
  write(path: string, content: string): Promise<void>;
}

export type ModelChoice = Partial<Omit<FeaturesConfig, "checks">> & {
  task?: ModelConfig["task"];
  seed?: number;
  checks?: readonly Partial<DataCheck>[];
  slices?: readonly string[];
};

export async function scratchProject(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), "mergeml-features-"));
  const write = async (path: string, content: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  await mkdir(join(root, "data"));
  for (const [path, content] of Object.entries(files)) await write(path, content);
  const remove = () => rm(root, { recursive: true, force: true });
  return { root, store: openDatasetStore(join(root, ".mergeml/store")), write, [Symbol.asyncDispose]: remove };
}

function modelConfig({
  task = "regression",
  seed = 1,
  checks = [],
  slices = [],
  ...features
}: ModelChoice = {}): ModelConfig {
  return {
    name: "example",
    description: "",
    owner: null,
    task,
    type: "linear",
    seed,
    params: {},
    search: null,
    features: {
      engine: "duckdb",
      query: "features.sql",
      window: null,
      key: [],
      target: "y",
      time: null,
      split: { by: "key", test: 0.25 },
      ...features,
      checks: checks.map((check) => ({ severity: "block", mostly: 1, ...check })),
    },
    thresholds: {
      ...defaultThresholds,
      primary: "rmse",
      slices: slices.map((by) => ({ by, metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 1 })),
    },
    ...defaultSettings,
    resources: { ...defaultSettings.resources, memory_gb: 1 },
  };
}

const engine = openDuckdb();

export function featureJob(project: Project, query: string, choice: ModelChoice = {}): FeatureJob {
  const model = {
    config: modelConfig(choice),
    file: "models/example/model.yaml",
    query: { path: "models/example/features.sql", text: query },
  };
  const splitSeed = model.config.seed;
  return { root: project.root, model, data: ["data"], engine, store: project.store, log: silentLog, splitSeed };
}

export async function build(
  project: Project,
  query: string,
  choice: ModelChoice = {},
): Promise<{ ok: true } & FeatureData> {
  const result: FeatureResult = await buildFeatures(featureJob(project, query, choice));
  if (!result.ok) throw new Error(`a check failed: ${JSON.stringify(result.checks)}`);
  return result;
}

/** The error of a job that must fail for the user's reasons. */
export async function failure(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw error;
}

/** A query over literal rows: `literalRows("(1, 'a'), (2, NULL)", "y, c")`. */
export function literalRows(values: string, names: string): string {
  return `SELECT * FROM (VALUES ${values}) AS t(${names})`;
}

/** Twenty rows `y`, `x` and what else is asked for, over `i` from 0. */
export function twentyRows(more = ""): string {
  return `SELECT i AS y, i * 2 AS x${more === "" ? "" : `, ${more}`} FROM range(20) AS t(i)`;
}
