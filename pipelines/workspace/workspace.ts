import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { definitionHash } from "../config/definition.ts";
import { type LoadedModel, type LoadedModels, loadModels, type PassOver } from "../config/load-models.ts";
import type { ModelParts, RepositoryConfig, Sources } from "../config/model-config.ts";
import { loadRepositoryConfig } from "../config/repository-config.ts";
import type { DatasetStore } from "../data/dataset-store.ts";
import { type EngineOf, engineNames } from "../data/engines/engines.ts";
import { composeModel, joinDialect, usesViews } from "../data/features/compose-models.ts";
import { type FeatureViews, loadViews, viewsFolder } from "../data/features/load-views.ts";
import { distinctProblems, type Problem, UserError } from "../errors/expected-error.ts";
import type { MlflowMirror } from "../mlflow/mirror.ts";
import type { Clock, Environment, Log } from "../ports/host.ts";
import type { RemoteLog } from "../predictions/remote-log.ts";
import { GitError } from "../registry/git/failure.ts";
import type { Git } from "../registry/git/git.ts";
import { hasCommit, readObject } from "../registry/git/objects.ts";
import type { Registry } from "../registry/registry.ts";
import type { RegistryTrust } from "../registry/trust/trust-policy.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { findTrainer, trainers } from "../training/trainers.ts";
import type { StepCache } from "./step-cache.ts";

/** One repository of models on disk, and all that the pipelines need to work on it. Disposing ends the git that stays for it. */
export interface Workspace extends AsyncDisposable {
  root: string;
  repository: RepositoryConfig;
  git: Git;
  /** The remote that has the registry, the run log and the branches of retrains; null in a repository without remotes. */
  remote: string | null;
  registry: Registry;
  /** Where what is read runs: production, unless `inEnvironment` gave another. */
  environment: string;
  /** Who must have signed what the registry gives, and what signs here. */
  trust: RegistryTrust;
  /** The copy on the server of MLFLOW_TRACKING_URI, which writes to the registry keep up to date; null when there is none. */
  mlflow: MlflowMirror | null;
  /** Where every training is written down. */
  runs: RunLog;
  store: DatasetStore;
  /** The prediction log where it is in a bucket; `repository.predictions` is its folder here then. */
  remoteLog: RemoteLog | null;
  /** Runs what the authors of models wrote in SQL, by their `features.engine`. */
  engineOf: EngineOf;
  cache: StepCache;
  /** Folders outside the repository that the operator, not the repository, lets queries read. */
  extraData: readonly string[];
  /** What mergeml was started with; programs that train get only what they are allowed. */
  env: Environment;
  threads: number;
  toolVersion: string;
  clock: Clock;
  log: Log;
}

export interface WorkspaceOptions {
  directory: string;
  /** Models are to be in this very folder, though the repository around it has no mergeml.yaml yet. */
  isNamed?: boolean;
  env: Environment;
  clock: Clock;
  log: Log;
  useCache: boolean;
}

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

/** Files of a model larger than this are not configs, queries or training scripts. */
const mostBytes = 5 * 1024 * 1024;
const mostFiles = 5_000;

/**
 * Reads models as they are written in a commit, without checking it out: what a pull request says is data here, and nothing
 * of it runs. Fetches the commit from the remote when it is not known. Throws UserError when there is no such commit.
 */
export async function modelsAtCommit(
  workspace: Workspace,
  commit: string,
  names: readonly string[],
): Promise<Pick<LoadedModels, "models" | "problems"> & { sources: Sources }> {
  if (names.length === 0) return { models: [], problems: [], sources: {} };
  await fetchCommit(workspace, commit);
  const root = await mkdtemp(join(tmpdir(), "mergeml-commit-"));
  try {
    await writeFiles(workspace, commit, ["mergeml.yaml", viewsFolder, ...names.map((name) => `models/${name}`)], root);
    const { config: repository, problems } = await loadRepositoryConfig(root);
    const { sources } = repository;
    if (problems.length > 0) return { models: [], problems, sources };
    return { ...(await readModels({ root, repository }, names)), sources };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Makes sure that a commit is here. Throws UserError when there is no such commit. */
export async function fetchCommit({ git, remote }: Pick<Workspace, "git" | "remote">, commit: string): Promise<void> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) throw unknownCommit(commit);
  if (await hasCommit(git, commit)) return;
  if (remote === null) throw unknownCommit(commit);
  try {
    await git.run(["fetch", "--no-tags", "--quiet", "--depth=1", remote, commit]);
  } catch (error) {
    if (!(error instanceof GitError && /not our ref|unadvertised object/.test(error.stderr))) throw error;
  }
  if (!(await hasCommit(git, commit))) throw unknownCommit(commit);
}

function unknownCommit(commit: string): UserError {
  const message = `there is no commit ${commit.slice(0, 60)} in this repository`;
  return new UserError({ message, hint: "run the workflow again for the newest commit" });
}

/** Only plain files: a link could lead out of the folder. */
async function writeFiles(
  { git }: Pick<Workspace, "git">,
  commit: string,
  paths: readonly string[],
  root: string,
): Promise<void> {
  const listed = await git.text(["ls-tree", "-r", "-l", "-z", commit, "--", ...paths]);
  const files = listed.split("\0").flatMap((line) => {
    const [, blob, size, path] = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line) ?? [];
    return blob && path && Number(size) <= mostBytes ? [{ blob, path }] : [];
  });
  if (files.length > mostFiles)
    throw new UserError({ message: `commit ${commit} has ${files.length} files of models` });
  for (const { blob, path } of files) {
    const content = await readObject(git, blob);
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/**
 * Files that a model is made of and that differ from the last commit: its folder, mergeml.yaml, the feature views that it reads, and the data files that its query
 * names, or all of the data folders' when it names them by a pattern. What git ignores is not meant to be in a commit. As git
 * writes paths: from the top of the work tree.
 */
export async function uncommittedInputs(
  { git, repository }: Pick<Workspace, "git" | "repository">,
  { config, query }: LoadedModel,
): Promise<string[]> {
  const views = config.features.composition?.views ?? [];
  const ofViews = views.flatMap(({ name }) => [`features/${name}.sql`, `features/${name}.yaml`]);
  const own = [`models/${config.name}`, "mergeml.yaml", ...ofViews];
  const [changed, data] = await Promise.all([listChanged({ git }, own), listChanged({ git }, repository.data)]);
  const hasPattern = /['"][^'"\n]*[*?[][^'"\n]*['"]/.test(query.text);
  const read = data.filter((path) => hasPattern || query.text.includes(posix.basename(path)));
  return [...new Set([...changed, ...read])].sort();
}

async function listChanged({ git }: Pick<Workspace, "git">, paths: readonly string[]): Promise<string[]> {
  const args = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--"];
  const listed = await git.text([...args, ...paths.map((path) => `:(literal)${path}`)]);
  return listed
    .split("\0")
    .map((line) => line.slice("XY ".length))
    .filter(Boolean);
}
