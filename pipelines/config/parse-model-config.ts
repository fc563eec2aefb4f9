import type { Problem, SourceLocation } from "../errors/user-error.ts";
import type { Json } from "./canonical-json.ts";
import { completeConfig } from "./complete-config.ts";
import { mergeDefaults } from "./merge-defaults.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelParts } from "./model-parts.ts";
import { baseModelSchema, type FilledModelConfig, modelSchema } from "./model-schema.ts";
import { modelRules } from "./rules/model-rules.ts";
import { prune } from "./rules/prune.ts";
import type { Draft, RuleContext } from "./rules/rule.ts";
import { compileSchema, type Validator } from "./schema/compile-schema.ts";
import { fillDefaults } from "./schema/fill-defaults.ts";
import { dotted, type Finding, type KeyPath, toProblem } from "./yaml/finding.ts";
import { openYaml, type YamlFile } from "./yaml/yaml-file.ts";

/** Problems of one file that are told; more would bury the reader, and looking each up takes time in a hostile file. */
const MAX_PROBLEMS = 100;

/** What a model.yaml is checked against. */
export interface ModelContext extends ModelParts {
  /** `defaults` of mergeml.yaml. */
  defaults?: Json;
}

/** A model.yaml that was read: a complete config, or all that is wrong with it. */
export interface ParsedModel {
  config: ModelConfig | null;
  problems: Problem[];
  /** Where the value at a path is; for a path that the file does not have, where its closest ancestor is. */
  locate(path: KeyPath): SourceLocation;
}

/** Reads model.yaml texts; `folder` is the name of the model's folder, when there is one. */
export type ModelParser = (text: string, file: string, folder?: string) => ParsedModel;

/** Prepares a parser for many files: compiling the schema takes longer than reading a file. */
export function modelParser({ defaults = {}, ...parts }: ModelContext): ModelParser {
  const validate = compileSchema(modelSchema(parts, { spaces: false }), kindOfKey);
  return (text, file, folder) => {
    const context = { validate, ...parts, defaults, folder };
    const yaml = openYaml(text, file);
    const { config, findings } = check(yaml.value, yaml.findings, context);
    return { config, problems: problemsOf(findings, yaml, defaults), locate: locator(text, file) };
  };
}

/** Places are wanted for few of many models: the file is read again then, because keeping every node costs more. */
function locator(text: string, file: string): ParsedModel["locate"] {
  let places: YamlFile | null = null;
  return (path) => {
    places ??= openYaml(text, file);
    return places.locate({ path });
  };
}

/** Reads one model.yaml. Never throws on any text. */
export function parseModelConfig(text: string, file: string, context: ModelContext & { folder?: string }): ParsedModel {
  return modelParser(context)(text, file, context.folder);
}

interface CheckContext extends Pick<RuleContext, "trainers" | "engines" | "folder"> {
  validate: Validator;
  defaults: Json;
}

function check(written: Json | undefined, reading: readonly Finding[], context: CheckContext) {
  const { validate, trainers, engines, defaults, folder } = context;
  const findings = [...reading];
  if (written === undefined) return { config: null, findings };
  const value = mergeDefaults(defaults, written);
  const misshapen = validate(value);
  addNew(
    findings,
    misshapen.filter((finding) => !isAbove(finding.path, reading)),
  );
  // With this many, what is left to tell is not worth making a sound remainder for the rules.
  if (reading.length + misshapen.length > MAX_PROBLEMS) return { config: null, findings };
  // What is not told, because another finding says it, is no more fit for the rules.
  const broken = [...findings, ...misshapen].map((finding) => finding.path);
  const filled = fillDefaults(baseModelSchema, prune(value, broken)) ?? {};
  const brokenNames = new Set(broken.map(dotted));
  const sound = (path: KeyPath) => !brokenNames.has(dotted(path));
  addNew(findings, modelRules({ draft: filled as Draft<FilledModelConfig>, folder, trainers, engines, sound }));
  const trainer = trainers.find((each) => each.name === (filled as FilledModelConfig).type);
  const config = findings.length === 0 && trainer ? completeConfig(filled as FilledModelConfig, trainer) : null;
  return { config, findings };
}

/** A block that lacks a key because that key could not be read is not wrong itself. */
function isAbove(path: KeyPath, reading: readonly Finding[]): boolean {
  const prefix = `${dotted(path)}.`;
  return path.length > 0 && reading.slice(0, MAX_PROBLEMS).some((finding) => dotted(finding.path).startsWith(prefix));
}

/** One finding for a path is enough: the first is the most basic. */
function addNew(findings: Finding[], more: readonly Finding[]): void {
  const known = new Set(findings.map((finding) => dotted(finding.path)));
  for (const finding of more) {
    const name = dotted(finding.path);
    if (!known.has(name)) findings.push(finding);
    known.add(name);
  }
}

function kindOfKey(parent: KeyPath, value: unknown): string {
  const place = dotted(parent);
  if (place === "params") return `param of ${(value as { type?: unknown }).type}`;
  return place === "thresholds.first_deploy" || place === "thresholds.always" ? "metric" : "known key";
}

function problemsOf(findings: readonly Finding[], yaml: YamlFile, defaults: Json): Problem[] {
  const problems = findings.slice(0, MAX_PROBLEMS).map((finding) => {
    const inherited = finding.path.length > 0 && !yaml.has(finding.path) && has(defaults, finding.path);
    const message = inherited ? `${finding.message} (from defaults in mergeml.yaml)` : finding.message;
    return toProblem({ ...finding, message }, yaml.locate(finding));
  });
  problems.sort((a, b) => a.where!.line - b.where!.line || a.where!.column - b.where!.column);
  return findings.length > MAX_PROBLEMS ? [...problems, tooMany(problems)] : problems;
}

function tooMany(problems: readonly Problem[]): Problem {
  const message = `there are more problems in this file; the first ${MAX_PROBLEMS} are shown`;
  return { message, where: problems.at(-1)!.where!, severity: "error" };
}

function has(value: Json, path: KeyPath): boolean {
  let parent: unknown = value;
  for (const step of path) {
    if (typeof parent !== "object" || parent === null || !Object.hasOwn(parent, step)) return false;
    parent = (parent as Record<string | number, unknown>)[step];
  }
  return true;
}
