import type { LoadedModel } from "./config/load-models.ts";
import type { Sources } from "./config/model-config.ts";
import { readProjectFile } from "./config/project-file.ts";
import { type DataFolder, openDataFolders } from "./data/data-folders.ts";
import { composedSql, type Engine } from "./data/engines/engine.ts";
import { joinProblems } from "./data/features/check-join.ts";
import { viewProblems } from "./data/features/check-views.ts";
import { composeFile, joinDialect } from "./data/features/compose-models.ts";
import { loadViews } from "./data/features/load-views.ts";
import { attempt, prepareFeatures, preparing } from "./data/prepare-features.ts";
import { distinctProblems, type Problem } from "./errors/expected-error.ts";
import { uselessQueryProblem } from "./watch/window/useless-query.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** What is wrong with the queries of models, and the models of which nothing is. */
interface ValidatedQueries {
  problems: Problem[];
  sound: LoadedModel[];
}

/**
 * Every problem of the models' queries and of what their configs say of the columns: syntax, columns, files, functions that are
 * refused, targets, keys, times, checks, slices and `drift.query`. The queries are prepared; no rows are read.
 */
export async function validateQueries(
  { root, repository, extraData, engineOf }: Pick<Workspace, "root" | "repository" | "extraData" | "engineOf">,
  models: readonly LoadedModel[],
): Promise<ValidatedQueries> {
  if (models.length === 0) return { problems: [], sound: [] };
  const folders = await attempt(() => openDataFolders(root, repository.data, extraData));
  if ("problems" in folders) return { problems: folders.problems, sound: [] };
  const validated: ValidatedQueries = { problems: [], sound: [] };
  for (const model of models) {
    const engine = engineOf(model.config.features.engine);
    const wrong = await viewProblemsOf(model, folders.value, engine, repository.sources);
    if (wrong.length > 0) {
      validated.problems.push(...wrong.map(unlessUnreached));
      continue;
    }
    const { problems, features } = await prepareFeatures(model, folders.value, engine);
    problems.push(...(await liveProblems({ root, repository }, model, folders.value, engine, features)));
    validated.problems.push(...problems.map(unlessUnreached));
    if (problems.length === 0) validated.sound.push(model);
  }
  return { ...validated, problems: distinctProblems(validated.problems) };
}

/** What is wrong with the views that a model uses, and with joining them: told instead of what follows from it. */
async function viewProblemsOf(
  model: LoadedModel,
  folders: readonly DataFolder[],
  engine: Engine,
  sources: Sources,
): Promise<Problem[]> {
  const { views } = model;
  if (!views) return [];
  const { quoteName } = joinDialect(model.config.features.engine, sources);
  const job = { engine, quoteName, views, window: model.config.features.window, folders, limits: preparing };
  const found = await attempt(async () => {
    const problems = await viewProblems(job);
    return problems.length > 0 ? problems : joinProblems(model, job);
  });
  return "problems" in found ? found.problems : found.value;
}

/** What a job without the secret cannot look at is told, and is no mistake. */
function unlessUnreached(problem: Problem): Problem {
  return problem.lacks === "credential" ? { ...problem, severity: "warning" } : problem;
}

/** Any window will do: the query is not run. */
const someWindow = { start: "2001-01-01", end: "2001-02-01" };

async function liveProblems(
  { root, repository: { sources } }: Pick<Workspace, "root" | "repository">,
  { config, locate }: LoadedModel,
  folders: readonly DataFolder[],
  engine: Engine,
  features: readonly string[] | null,
): Promise<Problem[]> {
  if (config.drift.query === null) return [];
  const path = `models/${config.name}/${config.drift.query}`;
  const file = readProjectFile(root, path);
  if (file.state !== "read") return []; // reading the config has told it
  const query = await attempt(() => {
    const composed = composeFile(
      { path, text: file.text },
      () => loadViews(root),
      joinDialect(config.features.engine, sources),
    );
    return engine.prepare({ sql: composedSql(composed.query), window: someWindow, folders, limits: preparing });
  });
  if ("problems" in query) return query.problems;
  if (features === null) return [];
  const wanted = { model: config.name, features, query: config.features.query };
  const useless = uselessQueryProblem(wanted, path, query.value);
  return useless ? [{ ...useless, where: locate(["drift", "query"]), key: "drift.query" }] : [];
}
