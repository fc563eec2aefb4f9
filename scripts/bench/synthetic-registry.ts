import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModels } from "../../pipelines/config/load-models.ts";
import { productionFile, versionFolder } from "../../pipelines/registry/paths.ts";
import { sealRecord, writeRecord } from "../../pipelines/registry/sealed-record.ts";
import type { ProductionPointer, VersionRecord } from "../../pipelines/registry/version-record.ts";
import { definitionOf, modelParts } from "../../pipelines/workspace/read-models.ts";

interface Repository {
  root: string;
  origin: string;
}

/** Copies one deployed model under `models` names with `versions` versions each, one commit per version, on the registry branch of origin. */
export async function multiplyModel(
  { root, origin }: Repository,
  source: string,
  models: number,
  versions: number,
): Promise<void> {
  const git = (args: string[], input?: string) =>
    execFileSync("git", args, { cwd: origin, input, encoding: "utf8", maxBuffer: 1 << 30 });
  const template = JSON.parse(git(["show", `registry:${versionFolder(source, 1)}/version.json`])) as VersionRecord;
  const files = git(["ls-tree", `registry:${versionFolder(source, 1)}`])
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/))
    .filter(([, , , name]) => name !== "version.json");
  const definitions = await writeConfigs(root, source, models);
  const stream: string[] = [];
  for (let version = 1; version <= versions; version += 1) {
    for (const [model, definition] of definitions) {
      stream.push(commit(`register(${model}): version ${version}`, stream.length === 0));
      const { digest: _, ...record } = {
        ...template,
        model,
        version,
        candidate: { ...template.candidate, definition, config: { ...template.candidate.config, name: model } },
      };
      const sealed = sealRecord(record);
      for (const [mode, , sha, name] of files)
        stream.push(`M ${mode} ${sha} ${versionFolder(model, version)}/${name}\n`);
      stream.push(inline(`${versionFolder(model, version)}/version.json`, writeRecord(sealed)));
      stream.push(commit(`promote(${model}): ${version === 1 ? "none" : version - 1} -> ${version}`, false));
      const pointer: ProductionPointer = {
        version,
        model: record.candidate.model.sha256,
        record: sealed.digest,
        since: record.registered,
        by: record.registered_by,
        pull_request: null,
      };
      stream.push(inline(productionFile(model), `${JSON.stringify(pointer, null, 2)}\n`));
    }
  }
  git(["fast-import", "--quiet"], stream.join(""));
}

/** model.yaml and features.sql of every copy; their definitions by name. */
async function writeConfigs(root: string, source: string, models: number): Promise<Map<string, string>> {
  const {
    models: [original],
  } = await loadModels(root, modelParts(), [source]);
  if (!original) throw new Error(`no model ${source}`);
  const yaml = execFileSync("cat", [join(root, original.file)], { encoding: "utf8" });
  for (let i = 1; i <= models; i += 1) {
    const name = `${source}-${i}`;
    mkdirSync(join(root, "models", name), { recursive: true });
    writeFileSync(join(root, "models", name, "model.yaml"), yaml.replace(/^name: .*$/m, `name: ${name}`));
    writeFileSync(join(root, "models", name, "features.sql"), original.query.text);
  }
  const { models: copies } = await loadModels(root, modelParts());
  return new Map(
    copies.filter((each) => each.config.name !== source).map((each) => [each.config.name, definitionOf(each)]),
  );
}

let clock = 1_700_000_000;

function commit(message: string, first: boolean): string {
  clock += 60;
  const from = first ? "from refs/heads/registry^0\n" : "";
  return `commit refs/heads/registry\ncommitter Bench <bench@example.org> ${clock} +0000\ndata ${Buffer.byteLength(message)}\n${message}\n${from}`;
}

function inline(path: string, text: string): string {
  return `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
}
