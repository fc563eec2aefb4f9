import type { Problem, SourceLocation } from "../errors/expected-error.ts";
import type { Json } from "./canonical-json.ts";
import { mergeDefaults } from "./merge-defaults.ts";
import type {
  DataCheck,
  FeaturesConfig,
  ModelConfig,
  ModelParts,
  RollbackConfig,
  SearchConfig,
  SearchRange,
  SliceRule,
  Thresholds,
  TrainerSchema,
  ViewUse,
} from "./model-config.ts";
import { baseModelSchema, type FilledModelConfig, modelSchema } from "./model-schema.ts";
import { modelRules, prune } from "./rules/model-rules.ts";
import type { Draft, RuleContext } from "./rules/rule.ts";
import { compileSchema, fillDefaults, type Validator } from "./schema/compile-schema.ts";
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
interface ParsedModel {
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

/** The form in which every step uses a config: optional keys are null or empty, shares are numbers. The config must be valid. */
function completeConfig(filled: FilledModelConfig, trainer: TrainerSchema): ModelConfig {
  return {
    name: filled.name,
    description: filled.description,
    owner: filled.owner ?? null,
    task: filled.task,
    type: filled.type,
    seed: filled.seed,
    params: fillDefaults(trainer.paramsSchema, filled.params as Json) as ModelConfig["params"],
    search: filled.search ? completeSearch(filled.search, filled.thresholds.primary, trainer) : null,
    features: completeFeatures(filled.features),
    thresholds: completeThresholds(filled.thresholds),
    drift: { ...filled.drift, query: filled.drift.query ?? null },
    retrain: filled.retrain,
    rollback: completeRollback(filled),
    // Absent unless written, so that records of models without it stay what they were.
    ...(filled.promote && { promote: filled.promote }),
    ...(filled.serving && { serving: filled.serving }),
    ...(filled.card && { card: filled.card }),
    resources: filled.resources,
  };
}

function completeSearch(
  search: NonNullable<FilledModelConfig["search"]>,
  primary: string,
  { paramsSchema }: TrainerSchema,
): SearchConfig {
  const { method, space, trials, metric = primary, validation, parallel, eta, resource } = search;
  const choices = Object.entries(space as SearchConfig["space"]).map(([name, choice]) => {
    if (Array.isArray(choice)) return [name, choice];
    const { min, max, scale = "linear", integer = false } = choice as Partial<SearchRange>;
    return [name, { min, max, scale, integer: integer || paramsSchema.properties[name]?.type === "integer" }];
  });
  return { method, space: Object.fromEntries(choices), trials, metric, validation, parallel, eta, resource };
}

function completeFeatures(features: FilledModelConfig["features"]): FeaturesConfig {
  const { engine, query, entities, views, window, key, target, time, split, checks } = features;
  return {
    engine,
    query: entities ?? query,
    // Absent without a join, so that the hashes of other models stay what they were.
    ...(entities !== undefined && { entities, views: (views ?? []).map(completeViewUse) }),
    window: window ?? null,
    key: typeof key === "string" ? [key] : ((key as readonly string[] | undefined) ?? []),
    target,
    time: time ?? null,
    split,
    checks: checks as readonly DataCheck[],
  };
}

/** `product@30d` is short for `{ view: product, ttl: 30d }`. */
function completeViewUse(written: NonNullable<FilledModelConfig["features"]["views"]>[number]): ViewUse {
  if (typeof written === "string") {
    const [view = "", ttl = null] = written.split("@");
    return { view, ttl, on: {}, columns: null, prefix: "" };
  }
  const { view, ttl = null, on, columns = null, prefix } = written as Partial<ViewUse>;
  return { view: view ?? "", ttl, on: on ?? {}, columns, prefix: prefix ?? "" };
}

function completeThresholds(thresholds: FilledModelConfig["thresholds"]): Thresholds {
  const { primary, first_deploy, retrain, always, slices, naive, allow_breaking, min_test_rows, waive } = thresholds;
  return {
    primary,
    first_deploy: first_deploy as Thresholds["first_deploy"],
    retrain: { ...retrain, margin: retrain.margin === undefined ? null : amount(retrain.margin) },
    always: always as Thresholds["always"],
    slices: slices.map((slice) => completeSlice(slice, primary)),
    naive,
    allow_breaking,
    min_test_rows,
    waive,
  };
}

function completeSlice(slice: FilledModelConfig["thresholds"]["slices"][number], primary: string): SliceRule {
  const { by, metric = primary, max_regression, min_rows } = slice;
  return { by, metric, max_regression: amount(max_regression), min_rows };
}

/** A block without a condition is none, so that configs of before it was known are equal to it. */
function completeRollback({ rollback: { when, min_rows }, drift }: FilledModelConfig): RollbackConfig | null {
  const [error_rate, outside_reference] = [when.error_rate, when.outside_reference].map((written) =>
    written === undefined ? null : shareOf(written),
  ) as [number | null, number | null];
  const { worse_than_previous } = when;
  if (error_rate === null && outside_reference === null && !worse_than_previous) return null;
  return { when: { error_rate, outside_reference, worse_than_previous }, min_rows: min_rows ?? drift.min_rows };
}

function shareOf(written: number | string): number {
  return typeof written === "number" ? written : Number(written.slice(0, -1)) / 100;
}

/** `10%` is relative, a number is in the metric's unit. */
function amount(written: number | string): { relative: number } | { absolute: number } {
  return typeof written === "number" ? { absolute: written } : { relative: Number(written.slice(0, -1)) / 100 };
}
