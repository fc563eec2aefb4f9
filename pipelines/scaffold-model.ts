import { existsSync, readFileSync, realpathSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import { UserError } from "./errors/expected-error.ts";
import { repositoryName } from "./registry/remote.ts";
import { draftModel, type FirstModel } from "./scaffold/draft-model.ts";
import { exampleCsv, locateData, onlyDataFile } from "./scaffold/locate-data.ts";
import type { ToolRepository, ToolSource } from "./scaffold/tool-source.ts";
import { callerWorkflows } from "./scaffold/workflow-texts.ts";
import type { Workspace } from "./workspace/workspace.ts";
import { writeAside } from "./workspace/write-aside.ts";

export interface ScaffoldOptions {
  name?: string;
  data?: string;
  target?: string;
  /** Where the user stands: `data` may be relative to it. */
  directory: string;
  /** The branch that merges go to. */
  branch: string;
  source: ToolSource;
}

/** The schemas that editors complete with, by the path they have in a repository. */
const editorSchemas = {
  "models/model.schema.json": new URL("../models/model.schema.json", import.meta.url),
  "models/features.schema.json": new URL("../models/features.schema.json", import.meta.url),
};

/**
 * Writes what a repository of models needs and does not have yet; overwrites nothing that anybody changed. Returns the model, if one was
 * made, and the files that were written.
 */
export async function scaffoldModel(
  workspace: Workspace,
  options: ScaffoldOptions,
): Promise<{ model: FirstModel | null; created: string[] }> {
  const { root } = workspace;
  const created: string[] = [];
  const write: Write = async (path, text, replaced) => {
    const file = join(root, path);
    if (existsSync(file) && (replaced === undefined || replaced === text || readFileSync(file, "utf8") !== replaced))
      return;
    await writeAside(file, text);
    created.push(path);
  };
  const model = await firstModel(workspace, options, write);
  for (const [path, schema] of Object.entries(editorSchemas)) await write(path, await readFile(schema, "utf8"));
  const { source } = options;
  if (source.kind === "repository") await writeCallers(workspace, source, options.branch, write);
  return { model, created };
}

/** The folder of the models below the top of the repository, with slashes; empty for the repository itself. */
export async function folderInRepository({ git, root }: Pick<Workspace, "git" | "root">): Promise<string> {
  return relative(realpathSync(await git.root()), root)
    .split(sep)
    .join("/");
}

/** Workflows go to the top, where GitHub reads them; those of a second folder have its name beside their own. */
async function writeCallers(workspace: Workspace, source: ToolRepository, branch: string, write: Write): Promise<void> {
  const { environments } = workspace.repository;
  const folder = await folderInRepository(workspace);
  const top = folder.split("/").filter(Boolean).fill("..").join("/");
  const isOthers = (path: string) => {
    const file = join(workspace.root, top, path);
    const there = existsSync(file) ? readFileSync(file, "utf8") : null;
    return (
      there !== null &&
      /^ +working-directory: (.*)$/m.exec(there)?.[1] !== (folder ? JSON.stringify(folder) : undefined)
    );
  };
  const usual = Object.keys(callerWorkflows(source, branch, { folder, environments }));
  const beside = usual.some(isOthers) ? folder.replaceAll("/", "-") : "";
  // What init wrote itself before there were environments has no choice of them.
  const before = callerWorkflows(source, branch, { folder, beside });
  for (const [path, text] of Object.entries(callerWorkflows(source, branch, { folder, beside, environments })))
    await write(posix.join(top, path), text, before[path]);
}

/** `replaced` is the one text that makes way. */
type Write = (path: string, text: string, replaced?: string) => Promise<void>;

async function firstModel(workspace: Workspace, options: ScaffoldOptions, write: Write): Promise<FirstModel | null> {
  const { root, repository } = workspace;
  const asked = options.name !== undefined || options.data !== undefined;
  const models = await modelNames(root);
  if (!asked && models.length > 0) {
    if (options.target !== undefined) throw new UserError(targetWithoutModel(options.target, models));
    return null;
  }
  if (options.name !== undefined) checkName(root, options.name);
  const given = options.data ?? (await onlyDataFile(root)) ?? "data/flats.csv";
  if (options.data === undefined) await writeExample(root, given, write);
  const folders = existsSync(join(root, "mergeml.yaml")) ? repository.data : null;
  const file = await locateData(root, options.data === undefined ? root : options.directory, given, folders, options);
  const model = await draftModel(workspace, file, options, (name) => checkName(root, name));
  await write("mergeml.yaml", settings(file.folder || ".", await proposedStore(workspace)));
  await write(`models/${model.inferred.name}/model.yaml`, model.yaml);
  await write(`models/${model.inferred.name}/features.sql`, model.sql);
  return model;
}

async function modelNames(root: string): Promise<string[]> {
  const entries = await readdir(join(root, "models")).catch(() => []);
  return entries.filter((entry) => existsSync(join(root, "models", entry, "model.yaml"))).sort();
}

function targetWithoutModel(target: string, models: readonly string[]) {
  const message = `--target ${target} says what a new model predicts, but no new model was asked for`;
  const hint = `mergeml init <name> --data <file> --target ${target}\nor change features.target in models/${models[0]}/model.yaml`;
  return { message, hint };
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

/** The registry of containers that GitHub has for this repository, which the workflow's own token may write to; null elsewhere. */
async function proposedStore({ git, remote, root }: Workspace): Promise<string | null> {
  const name = await repositoryName(git, remote, root);
  return name.startsWith("github.com/") ? `oci://ghcr.io/${name.slice("github.com/".length).toLowerCase()}` : null;
}

function settings(folder: string, store: string | null): string {
  const proposal = [
    "# Where datasets and large models are kept for other machines. Without it they end with the job that trained.",
    "# On GitHub the workflows' own token is enough; on a laptop: docker login ghcr.io",
    `# store: ${store}`,
  ];
  return [
    "# Repository-wide settings of mergeml; every key is optional.",
    "# Folders that feature queries may read. A query names a file in them by its name alone: FROM 'flats.csv'",
    `data: [${JSON.stringify(folder)}]`,
    ...(store === null ? [] : proposal),
    "",
  ].join("\n");
}
