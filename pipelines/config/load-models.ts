import { readdirSync } from "node:fs";
import { join } from "node:path";
import { didYouMean, EnvironmentError, type Problem, type SourceLocation } from "../errors/expected-error.ts";
import type { ComposedView, ModelConfig, QueryText } from "./model-config.ts";
import type { ModelContext, ModelParser } from "./parse-model-config.ts";
import { hashProgramFiles } from "./program-files.ts";
import { type ProjectFile, readProjectFile } from "./project-file.ts";
import type { KeyPath } from "./yaml/finding.ts";

/** A model as it is written in the repository: its config and the text of its query. Paths are relative to the repository. */
export interface LoadedModel {
  config: ModelConfig;
  file: string;
  query: QueryText;
  /** sha256 of the files that determine the model besides, by path in its folder; absent for trainers that read none. */
  files?: Readonly<Record<string, string>>;
  /** The feature views in the query, each after those that it reads; absent when there is none. */
  views?: readonly UsedView[];
  /** Where the value at a path of the config is, for errors that are found later. */
  locate(path: KeyPath): SourceLocation;
}

/** A feature view that a model uses, as far as its rows are checked. */
export interface UsedView {
  name: string;
  query: QueryText;
  config: Pick<ComposedView, "key" | "time" | "constraints"> & { columns: Readonly<Record<string, string>> };
  locate(path: KeyPath): SourceLocation;
}

/** The models that are sound, all that is wrong with the others, and the names of all. */
export interface LoadedModels {
  models: LoadedModel[];
  problems: Problem[];
  names: string[];
}

/** Whether a model with this model.yaml is left out, because all of it is known. */
export type PassOver = (name: string, text: string) => boolean;

/** Reads every `models/<name>/model.yaml`, or those of the names in `only`, with its query. */
export async function loadModels(
  root: string,
  context: ModelContext,
  only?: readonly string[],
  passOver: PassOver = () => false,
): Promise<LoadedModels> {
  const found = findModels(root);
  const names = found.filter(({ file }) => file.state !== "absent").map(({ name }) => name);
  const wanted = only ? found.filter(({ name }) => only.includes(name)) : found;
  const unknown = (only ?? []).filter((name) => !names.includes(name));
  const problems = [...new Set(unknown)].map((name) => unknownModel(name, names));
  const present = wanted.filter(({ name, file }) =>
    file.state === "read" ? !passOver(name, file.text) : file.state !== "absent",
  );
  if (present.length === 0) return { models: [], problems, names };
  const { modelParser } = await import("./parse-model-config.ts");
  const parse = modelParser(context);
  const results = present.map((folder) => loadModel(root, folder, parse, context));
  return {
    models: results.flatMap(({ model }) => model ?? []),
    problems: [...problems, ...results.flatMap((result) => result.problems)],
    names,
  };
}

interface ModelFolder {
  name: string;
  file: ProjectFile;
}

function findModels(root: string): ModelFolder[] {
  const names = foldersIn(join(root, "models")).filter((name) => name !== "examples");
  const sorted = names.sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((name) => ({ name, file: readProjectFile(root, `models/${name}/model.yaml`) }));
}

/** Links count too, so that they are refused by name and not passed over. */
function foldersIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return [];
    const detail = { tried: "listing the folder models", safe: "nothing was changed" };
    throw new EnvironmentError(`cannot read models: ${(cause as Error).message}`, detail, { cause });
  }
}

function unknownModel(name: string, names: readonly string[]): Problem {
  const suggestion = didYouMean(name, names);
  const list = names.length > 0 ? `Models: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}` : "";
  const none = `there is no models/${name}/model.yaml`;
  return {
    message: `there is no model "${name}"`,
    hint: [suggestion && `did you mean ${suggestion}?`, list || none].filter(Boolean).join("  "),
    severity: "error",
  };
}

interface LoadResult {
  model: LoadedModel | null;
  problems: Problem[];
}

function loadModel(
  root: string,
  { name, file }: ModelFolder,
  parse: ModelParser,
  { trainers }: ModelContext,
): LoadResult {
  const path = `models/${name}/model.yaml`;
  if (file.state !== "read") return failed(path, file.state === "refused" ? file.reason : "the file is not there");
  const { config, problems, locate } = parse(file.text, path, name);
  if (!config) return { model: null, problems };
  const queryPath = `models/${name}/${config.features.query}`;
  const query = readProjectFile(root, queryPath);
  const found = [
    queryProblem(query, queryPath, ["features", "query"], locate),
    monitoringProblem(root, name, config.drift.query, locate),
  ];
  const wrong = found.filter((each) => each !== null);
  if (wrong.length > 0 || query.state !== "read") return { model: null, problems: wrong };
  const model = { config, file: path, query: { path: queryPath, text: query.text }, locate };
  if (!trainers.find((each) => each.name === config.type)?.readsModelFolder) return { model, problems };
  const { files, problems: ofFiles } = hashProgramFiles(root, model);
  const all = [...problems, ...ofFiles];
  return { model: ofFiles.length > 0 ? null : { ...model, files }, problems: all };
}

function failed(file: string, message: string): LoadResult {
  return { model: null, problems: [{ message, where: { file, line: 1, column: 1 }, severity: "error" }] };
}

function monitoringProblem(
  root: string,
  name: string,
  query: string | null,
  locate: LoadedModel["locate"],
): Problem | null {
  if (query === null) return null;
  const path = `models/${name}/${query}`;
  return queryProblem(readProjectFile(root, path), path, ["drift", "query"], locate);
}

function queryProblem(query: ProjectFile, path: string, key: KeyPath, locate: LoadedModel["locate"]): Problem | null {
  // Looking up the place parses the file again: only when there is something to tell.
  const problem = (message: string, hint?: string): Problem => {
    return { message, ...(hint && { hint }), where: locate(key), key: key.join("."), severity: "error" };
  };
  if (query.state === "absent") return problem(`${path} is not there`, "write the query, one SELECT, into that file");
  if (query.state === "refused") return problem(`${path} cannot be used: ${query.reason}`);
  if (query.text.includes("\0")) return problem(`${path} cannot be used: it is not a text file`);
  if (query.text.trim() !== "") return null;
  return problem(`${path} is empty`, "write one SELECT that returns a row per example");
}
