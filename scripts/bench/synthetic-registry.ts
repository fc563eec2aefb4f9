import { execFileSync } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { loadModels } from "../../pipelines/config/load-models.ts";
import { judge } from "../../pipelines/gate/judge.ts";
import { modelFile } from "../../pipelines/registry/stored-model.ts";
import {
  type ProductionPointer,
  productionFile,
  sealRecord,
  type VersionRecord,
  versionFolder,
  writeRecord,
} from "../../pipelines/registry/version-record.ts";
import { definitionOf, modelParts } from "../../pipelines/workspace/workspace.ts";

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
    .filter(([, , , name]) => name !== "version.json" && name !== modelFile);
  const texts = ["MODEL_CARD.md", "MLmodel"].map((name) => ({
    name,
    text: git(["show", `registry:${versionFolder(source, 1)}/${name}`]),
  }));
  const original = execFileSync("git", ["cat-file", "blob", `registry:${versionFolder(source, 1)}/${modelFile}`], {
    cwd: origin,
    maxBuffer: 1 << 30,
  });
  const definitions = await writeConfigs(root, source, models);
  const stream: (string | Uint8Array)[] = [];
  for (let version = 1; version <= versions; version += 1) {
    for (const [model, definition] of definitions) {
      const onnx = distinctModel(original, `${model}@${version}`);
      stream.push(commit(`register(${model}): version ${version}`, stream.length === 0));
      const own = texts.map(({ name, text }) => ({ name, text: ownText(text, `${model}@${version}`) }));
      const record = versionOf(template, { model, version, definition, onnx, texts: own });
      const sealed = sealRecord(record);
      stream.push(inline(`${versionFolder(model, version)}/${modelFile}`, onnx));
      for (const [mode, , sha, name] of files)
        stream.push(`M ${mode} ${sha} ${versionFolder(model, version)}/${name}\n`);
      for (const { name, text } of own) stream.push(inline(`${versionFolder(model, version)}/${name}`, text));
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
  execFileSync("git", ["fast-import", "--quiet"], {
    cwd: origin,
    input: Buffer.concat(stream.map((part) => Buffer.from(part))),
    maxBuffer: 1 << 30,
  });
}

/** A text as one of another version is: its hashes and its numbers with a point are others. */
function ownText(text: string, seed: string): string {
  const noise = createHash("sha512").update(seed).digest("hex").repeat(8);
  const digits = noise.replaceAll(/[a-f]/g, "");
  let at = 0;
  return text
    .replaceAll(/\b[0-9a-f]{32,64}\b/g, (hash) => noise.slice(at++, hash.length + at - 1))
    .replaceAll(/\.\d+\b/g, (part) => `.${digits.slice(at++, part.length + at - 2)}`);
}

const distinctBytes = 36_000;

/**
 * The same model as another file, as different as those of two trainings: its doc_string (field 6 of ModelProto) is text that
 * neither compresses nor has anything in common with another's.
 */
function distinctModel(model: Uint8Array, seed: string): Buffer {
  const key = createHash("sha256").update(seed).digest();
  const noise = createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(distinctBytes));
  const text = Buffer.from(noise.toString("base64"));
  const length = [(text.length & 0x7f) | 0x80, ((text.length >> 7) & 0x7f) | 0x80, text.length >> 14];
  return Buffer.concat([model, Buffer.from([0x32, ...length]), text]);
}

interface Copy {
  model: string;
  version: number;
  definition: string;
  onnx: Uint8Array;
  texts: readonly { name: string; text: string }[];
}

function versionOf({ digest: _, ...template }: VersionRecord, { model, version, definition, onnx, texts }: Copy) {
  const hash = sha256(onnx);
  const { candidate, verdict, files } = template;
  const evaluation = { ...template.evaluation, model: hash };
  const { evaluation: _evaluation, thresholds: _thresholds, ...bound } = verdict.binds;
  const binds = { ...bound, definition, candidate_model: hash };
  const { thresholds } = candidate.config;
  return {
    ...template,
    model,
    version,
    candidate: {
      ...candidate,
      id: `c-${sha256(`${model}@${version}`).slice(7)}`,
      definition,
      config: { ...candidate.config, name: model },
      model: { sha256: hash, size: onnx.length },
    },
    evaluation,
    verdict: judge(evaluation, thresholds, { today: verdict.judged_on, binds, checks: candidate.checks }),
    files: {
      ...files,
      ...Object.fromEntries(texts.map(({ name, text }) => [name, sha256(text)])),
      [modelFile]: hash,
    },
  };
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

function inline(path: string, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from("\n")]);
}
