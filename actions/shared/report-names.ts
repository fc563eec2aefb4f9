import { modelsFolder } from "./repository-path.ts";

/** Name of the check run, which rules of a branch may require. Two folders of models in one repository have a check each. */
export function checkName(env: Parameters<typeof modelsFolder>[0]): string {
  const folder = modelsFolder(env);
  return folder === "" ? "mergeml" : `mergeml (${folder})`;
}
