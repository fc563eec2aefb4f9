import { join } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { PreparedData } from "./prepare-data.ts";
import type { TrialRecord } from "./search/score-trial.ts";
import {
  type SearchContext,
  type SearchTask,
  type ShardResult,
  searchParams,
  searchShard,
} from "./search/search-params.ts";
import { programSource } from "./train-candidate.ts";

/** The model as it is trained: with the params that its search found, or as written when it has none. */
export async function chooseParams(
  workspace: Workspace,
  model: LoadedModel,
  prepared: PreparedData,
): Promise<{ chosen: LoadedModel; trials: { trials?: readonly TrialRecord[] } }> {
  const task = await searchTask(workspace, model, prepared);
  if (!task) return { chosen: model, trials: {} };
  const { params, trials } = await searchParams(searchContext(workspace, model), task);
  return { chosen: { ...model, config: { ...model.config, params } }, trials: { trials } };
}

/** Trains one job's share of a search. Throws UserError when the model has no search. */
export async function trainShard(
  workspace: Workspace,
  model: LoadedModel,
  prepared: PreparedData,
  shard: { index: number; of: number },
): Promise<ShardResult> {
  const task = await searchTask(workspace, model, prepared);
  if (task) return searchShard(searchContext(workspace, model), task, shard);
  throw new UserError({
    message: `${model.config.name} has no search to split`,
    hint: "train it without --shard, or add a block such as  search: { space: { … } }",
    where: model.locate([]),
  });
}

async function searchTask(
  workspace: Workspace,
  model: LoadedModel,
  { data, trainer }: PreparedData,
): Promise<SearchTask | null> {
  const { config } = model;
  const { search } = config;
  if (!search) return null;
  return {
    config: { ...config, search },
    data,
    trainerVersion: trainer.version,
    ...(await programSource(workspace, model)),
  };
}

function searchContext({ root, store, cache, threads, clock, log }: Workspace, { config }: LoadedModel): SearchContext {
  return {
    store,
    folder: join(root, ".mergeml", "search", config.name),
    reuse: cache.enabled,
    shared: cache.shared,
    threads,
    clock,
    log,
  };
}
