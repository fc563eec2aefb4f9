import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describeFile } from "./data/describe-file.ts";
import { UserError } from "./errors/user-error.ts";
import { exampleCsv } from "./scaffold/example-data.ts";
import { onlyDataFile } from "./scaffold/find-data.ts";
import { inferModel } from "./scaffold/infer-model.ts";
import { featuresSqlText, modelYamlText } from "./scaffold/model-text.ts";
import { callerWorkflows, type ToolSource } from "./scaffold/workflow-texts.ts";
import { writeAside } from "./workspace/step-cache.ts";
import { toolVersion } from "./workspace/tool-version.ts";

export interface ScaffoldOptions {
  name?: string;
  data?: string;
  target?: string;
  /** The branch that merges go to. */
  branch: string;
  source: ToolSource;
}

/** Writes what a repository of models needs and does not have yet; never overwrites. Returns the model's name, if one was made, and the new files. */
export async function scaffoldModel(
  root: string,
  options: ScaffoldOptions,
): Promise<{ model: string | null; created: string[] }> {
  const created: string[] = [];
  const write = async (path: string, text: string) => {
    if (existsSync(join(root, path))) return;
    await writeAside(join(root, path), text);
    created.push(path);
  };
  const model = await firstModel(root, options, write);
  const schema = fileURLToPath(new URL("../models/model.schema.json", import.meta.url));
  await write("models/model.schema.json", await readFile(schema, "utf8"));
  const { source } = options;
  if (source.kind === "repository")
    for (const [path, text] of Object.entries(callerWorkflows(source, options.branch))) await write(path, text);
  return { model, created };
}

/**
 * A repository made from the template has the actions itself; any other uses mergeml's of this version, or those of a fork or
 * another server that `actions` names, such as `acme/mergeml@v1.2.0`.
 */
export function toolSource(root: string, actions?: string): ToolSource {
  if (actions !== undefined) return namedSource(actions);
  if (existsSync(join(root, "actions/setup/action.yml"))) return { kind: "template" };
  return { kind: "repository", name: "mergeml/mergeml", ref: `v${toolVersion}` };
}

function namedSource(actions: string): ToolSource {
  const [, name, ref] = /^([\w.-]+\/[\w.-]+)@([\w./-]+)$/.exec(actions) ?? [];
  if (name && ref) return { kind: "repository", name, ref };
  const hint = `write owner/repository@ref, e.g. acme/mergeml@v${toolVersion}`;
  throw new UserError({ message: `--actions is "${actions}", not a repository at a ref`, hint });
}

type Write = (path: string, text: string) => Promise<void>;

async function firstModel(root: string, options: ScaffoldOptions, write: Write): Promise<string | null> {
  const asked = options.name !== undefined || options.data !== undefined;
  if (!asked && (await hasModels(root))) return null;
  const data = options.data ?? (await onlyDataFile(root)) ?? "data/flats.csv";
  if (options.data === undefined) await writeExample(root, data, write);
  const path = join(root, data);
  if (!existsSync(path))
    throw new UserError({ message: `no file ${data}`, hint: "--data is relative to the repository" });
  if (dirname(path) === root) throw new UserError(needsFolder(data));
  const inferred = inferModel(data, await describeFile(path), options);
  checkName(root, inferred.name);
  await write("mergeml.yaml", settings(relative(root, dirname(path)) || "."));
  await write(`models/${inferred.name}/model.yaml`, modelYamlText(inferred));
  await write(`models/${inferred.name}/features.sql`, featuresSqlText(inferred));
  return inferred.name;
}

function needsFolder(data: string) {
  const hint = `queries may read whole folders, and the root holds everything else: mkdir -p data && git mv ${data} data/`;
  return { message: `${data} lies in the repository's root`, hint };
}

async function hasModels(root: string): Promise<boolean> {
  const entries = await readdir(join(root, "models")).catch(() => []);
  return entries.some((entry) => existsSync(join(root, "models", entry, "model.yaml")));
}

async function writeExample(root: string, data: string, write: Write): Promise<void> {
  if (!existsSync(join(root, data))) await write(data, exampleCsv());
}

function checkName(root: string, name: string): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new UserError({
      message: `${name} is not a model name`,
      hint: "lower-case letters, digits and hyphens, e.g. flight-delay",
    });
  if (existsSync(join(root, "models", name)))
    throw new UserError({
      message: `models/${name} exists already`,
      hint: "give another name: mergeml init <name> --data <file>",
    });
}

function settings(folder: string): string {
  return [
    "# Repository-wide settings of mergeml; every key is optional.",
    "# Folders that feature queries may read. A query names a file in them by its name alone: FROM 'flats.csv'",
    `data: [${JSON.stringify(folder)}]`,
    "",
  ].join("\n");
}
