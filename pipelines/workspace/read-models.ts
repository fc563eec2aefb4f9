import { definitionHash } from "../config/definition.ts";
import { type LoadedModel, loadModels } from "../config/load-models.ts";
import type { ModelParts } from "../config/model-parts.ts";
import type { Sources } from "../config/source-config.ts";
import { engineNames } from "../data/engines/engines.ts";
import { type Problem, UserError } from "../errors/user-error.ts";
import { findTrainer, trainers } from "../training/trainers.ts";
import type { Workspace } from "./workspace.ts";

/** What a model.yaml can name in this version, in a repository with these sources. */
export function modelParts(sources: Sources = {}): ModelParts {
  return { trainers, engines: engineNames(sources) };
}

/** The models of the repository, or those named; every problem of every model. */
export async function readModels(
  workspace: Pick<Workspace, "root" | "repository">,
  only?: readonly string[],
): Promise<{ models: LoadedModel[]; problems: Problem[]; names: string[] }> {
  const { sources, defaults } = workspace.repository;
  return loadModels(workspace.root, { ...modelParts(sources), defaults }, only);
}

/** One model, checked. Throws UserError with all its problems. */
export async function readModel(workspace: Pick<Workspace, "root" | "repository">, name: string): Promise<LoadedModel> {
  const { models, problems } = await readModels(workspace, [name]);
  const [model] = models;
  if (problems.some((each) => each.severity !== "warning") || !model) throw new UserError(problems);
  return model;
}

/** Hash of what the user wrote, without the data; what `plan` compares with the registry. */
export function definitionOf({ config, query, files }: LoadedModel): string {
  const { name, version } = findTrainer(config.type);
  return definitionHash(config, query.text, { name, version }, files);
}
