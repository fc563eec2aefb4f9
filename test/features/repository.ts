import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import { defaultRepositoryConfig } from "../../pipelines/config/repository-config.ts";
import type { Problem } from "../../pipelines/errors/expected-error.ts";
import { readModels } from "../../pipelines/workspace/workspace.ts";
import { scratchFolder } from "../templates.ts";

/** A folder with these files, and `data/`. */
export function repositoryWith(files: Readonly<Record<string, string>>): string {
  const root = scratchFolder("views");
  mkdirSync(join(root, "data"));
  writeFiles(root, files);
  return root;
}

/** Writes files, with the folders that they need. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A model.yaml with these lines in `features`. */
export function modelYaml(name: string, features: string): string {
  return `name: ${name}
task: regression
type: linear
features:
${features}
thresholds:
  primary: rmse
  first_deploy: { rmse: { max: 100 } }
`;
}

/** Two files of a view. */
export function viewFiles(name: string, sql: string, yaml: string): Record<string, string> {
  return { [`features/${name}.sql`]: sql, [`features/${name}.yaml`]: yaml };
}

/** Its models, read and composed. */
export async function modelsOf(root: string): Promise<{ models: LoadedModel[]; problems: Problem[] }> {
  return readModels({ root, repository: defaultRepositoryConfig });
}

/** `file:line:column message` of each. */
export function told(problems: readonly Problem[]): string[] {
  return problems.map(({ where, message }) => `${where?.file}:${where?.line}:${where?.column} ${message}`);
}
