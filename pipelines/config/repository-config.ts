import type { Problem } from "../errors/user-error.ts";
import type { RepositoryConfig } from "./model-config.ts";
import { type ProjectFile, readProjectFile } from "./project-file.ts";

const FILE = "mergeml.yaml";

/** What holds in a repository without a mergeml.yaml. */
export const defaultRepositoryConfig: RepositoryConfig = {
  registry: "registry",
  data: ["data"],
  store: ".mergeml/store",
  predictions: "predictions",
  gc_grace_days: 7,
  defaults: {},
};

/** Settings of the repository, and what is wrong with them; wrong ones are replaced by their defaults. */
export interface LoadedRepositoryConfig {
  config: RepositoryConfig;
  problems: Problem[];
}

/** Reads the optional `mergeml.yaml` at the root of the repository. */
export async function loadRepositoryConfig(root: string): Promise<LoadedRepositoryConfig> {
  const file = readProjectFile(root, FILE);
  if (file.state === "absent") return { config: defaultRepositoryConfig, problems: [] };
  return file.state === "refused" ? refused(file) : parse(file.text);
}

function refused({ reason }: ProjectFile & { state: "refused" }): LoadedRepositoryConfig {
  const where = { file: FILE, line: 1, column: 1 };
  return { config: defaultRepositoryConfig, problems: [{ message: reason, where, severity: "error" }] };
}

async function parse(text: string): Promise<LoadedRepositoryConfig> {
  const { parseRepositoryConfig } = await import("./parse-repository-config.ts");
  return parseRepositoryConfig(text, FILE);
}
