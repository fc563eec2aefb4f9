import { definitionHash } from "../config/definition.ts";
import { type LoadedModel, type LoadedModels, loadModels, type PassOver } from "../config/load-models.ts";
import type { ModelParts, Sources } from "../config/model-config.ts";
import { engineNames } from "../data/engines/engines.ts";
import { distinctProblems } from "../errors/distinct-problems.ts";
import { type Problem, UserError } from "../errors/user-error.ts";
import { composeModel, usesViews } from "../features/compose-models.ts";
import type { FeatureViews } from "../features/feature-view.ts";
import { joinDialect } from "../features/join-dialect.ts";
import { loadViews } from "../features/load-views.ts";
import { findTrainer, trainers } from "../training/trainers.ts";
import type { Workspace } from "./workspace.ts";

/** What a model.yaml can name in this version, in a repository with these sources. */
export function modelParts(sources: Sources = {}): ModelParts {
  return { trainers, engines: engineNames(sources) };
}

/** The models of the repository, or those named, but those that are passed over; every problem of every model. */
export async function readModels(
  workspace: Pick<Workspace, "root" | "repository">,
  only?: readonly string[],
  passOver?: PassOver,
): Promise<LoadedModels> {
  const { root, repository } = workspace;
  const { models, problems, names } = await loadModels(
    root,
    { ...modelParts(repository.sources), defaults: repository.defaults },
    only,
    passOver,
  );
  const stuck = models.filter(({ config }) => config.promote && repository.environments.length === 1);
  const sound = models.filter((model) => !stuck.includes(model));
  const composed = composeModels(root, sound, repository.sources);
  return { models: composed.models, problems: [...problems, ...stuck.map(nowhereToGo), ...composed.problems], names };
}

/** A version that is in production from the first does not go on from anywhere. */
function nowhereToGo({ locate }: LoadedModel): Problem {
  return {
    message: "promote says when a version goes on to the next environment, and there is production alone",
    hint: "name the environments in mergeml.yaml: environments: [staging, production]; or take promote out",
    where: locate(["promote"]),
    key: "promote",
    severity: "error",
  };
}

/** The models with the views of `features/` that they use, and what is wrong with those of the others. */
function composeModels(
  root: string,
  models: readonly LoadedModel[],
  sources: Sources,
): Pick<LoadedModels, "models" | "problems"> {
  let views: FeatureViews | null = null;
  const results = models.map((model) => {
    if (!usesViews(model)) return { model, problems: [] };
    try {
      views ??= loadViews(root);
      return { model: composeModel(model, views, joinDialect(model.config.features.engine, sources)), problems: [] };
    } catch (error) {
      if (error instanceof UserError) return { model: null, problems: error.problems };
      throw error;
    }
  });
  return {
    models: results.flatMap(({ model }) => model ?? []),
    problems: distinctProblems(results.flatMap((each) => each.problems)),
  };
}

/** One model, checked. Throws UserError with all its problems. */
export async function readModel(workspace: Pick<Workspace, "root" | "repository">, name: string): Promise<LoadedModel> {
  const { models, problems } = await readModels(workspace, [name]);
  const [model] = models;
  if (problems.some((each) => each.severity !== "warning") || !model) throw new UserError(problems);
  return model;
}

/** The trainer of a type as this version of mergeml has it: what of it is part of a model's definition. */
export function trainerOf(type: string): { name: string; version: number } {
  const { name, version } = findTrainer(type);
  return { name, version };
}

/** Hash of what the user wrote, without the data; what `plan` compares with the registry. */
export function definitionOf({ config, query, files }: LoadedModel): string {
  return definitionHash(config, query.text, trainerOf(config.type), files);
}
