import type { Problem } from "../errors/expected-error.ts";
import type { RepositoryConfig } from "./model-config.ts";
import type { FolderRule } from "./parse-repository-config.ts";
import { leadsOutside, type ProjectFile, readProjectFile } from "./project-file.ts";

const FILE = "mergeml.yaml";

/** What holds in a repository without a mergeml.yaml. */
export const defaultRepositoryConfig: RepositoryConfig = {
  registry: "registry",
  data: ["data"],
  environments: ["production"],
  sources: {},
  store: ".mergeml/store",
  predictions: "predictions",
  gc_grace_days: 7,
  comment: "always",
  defaults: {},
};

/** Settings of the repository, and what is wrong with them; wrong ones are replaced by their defaults. */
export interface LoadedRepositoryConfig {
  config: RepositoryConfig;
  problems: Problem[];
}

/** Where the repository comes from, as far as its settings depend on it. */
export interface RepositoryOrigin {
  /** Others than who runs mergeml may have written it: no folder outside of it is taken from its settings, nor through a link. */
  confined?: boolean;
  /** Folders that whoever runs mergeml gives instead of the settings. Absolute. */
  given?: Partial<Pick<RepositoryConfig, "store" | "predictions">>;
}

/** Reads the optional `mergeml.yaml` at the root of the repository. */
export async function loadRepositoryConfig(
  root: string,
  { confined = false, given = {} }: RepositoryOrigin = {},
): Promise<LoadedRepositoryConfig> {
  const mayUse: FolderRule = (key, path) => !confined || given[key] !== undefined || !leadsOutside(root, path);
  const { config, problems } = await read(root, mayUse);
  return { config: { ...config, ...given }, problems };
}

async function read(root: string, mayUse: FolderRule): Promise<LoadedRepositoryConfig> {
  const file = readProjectFile(root, FILE);
  if (file.state === "refused") return refused(file);
  const { store, predictions } = defaultRepositoryConfig;
  if (file.state === "absent" && mayUse("store", store) && mayUse("predictions", predictions))
    return { config: defaultRepositoryConfig, problems: [] };
  const { parseRepositoryConfig } = await import("./parse-repository-config.ts");
  return parseRepositoryConfig(file.state === "read" ? file.text : "{}", FILE, mayUse);
}

function refused({ reason }: ProjectFile & { state: "refused" }): LoadedRepositoryConfig {
  const where = { file: FILE, line: 1, column: 1 };
  return { config: defaultRepositoryConfig, problems: [{ message: reason, where, severity: "error" }] };
}
