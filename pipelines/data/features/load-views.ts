import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../config/canonical-json.ts";
import type { DataCheck, QueryText } from "../../config/model-config.ts";
import { readProjectFile } from "../../config/project-file.ts";
import { checkFindings, sameColumn } from "../../config/rules/feature-rules.ts";
import { when } from "../../config/rules/rule.ts";
import { compileSchema, fillDefaults, type Validator } from "../../config/schema/compile-schema.ts";
import { dotted, type Finding, type KeyPath, toProblem } from "../../config/yaml/finding.ts";
import { openYaml } from "../../config/yaml/yaml-file.ts";
import { EnvironmentError, type Problem, type SourceLocation } from "../../errors/expected-error.ts";
import { unusableBody, viewMentions } from "./view-mentions.ts";
import { type FilledView, viewSchema } from "./view-schema.ts";

/** What `features/<name>.yaml` says, checked and completed. */
interface ViewConfig {
  description: string;
  owner: string | null;
  key: readonly string[];
  time: string | null;
  ttl: string | null;
  /** What each feature is, by column; in their order. */
  columns: Readonly<Record<string, string>>;
  constraints: readonly DataCheck[];
}

/** A view of `features/`: its two files. */
export interface FeatureView {
  name: string;
  /** Path of the YAML. */
  file: string;
  config: ViewConfig;
  query: QueryText;
  /** Views that its query reads, in the order in which it names them. */
  reads: readonly string[];
  /** Where a key of the YAML is written. */
  locate(path: KeyPath): SourceLocation;
}

/** All views of a repository by name, and what is wrong with others, by name too. */
export interface FeatureViews {
  sound: ReadonlyMap<string, FeatureView>;
  broken: ReadonlyMap<string, readonly Problem[]>;
  /** Problems of the folder itself, such as a file whose name is none of a view. */
  problems: readonly Problem[];
}

/** The folder of the views, from the repository's root. */
export const viewsFolder = "features";

const viewName = /^[a-z][a-z0-9_]{0,62}$/;

/** More views than any repository has; a pull request may not keep us reading. */
const mostViews = 1_000;
const mostProblems = 100;

/** Reads every view of `features/`, of which each is two files: `<name>.sql` and `<name>.yaml`. Reads no data. */
export function loadViews(root: string): FeatureViews {
  const files = listViewFiles(root);
  const problems = files.flatMap(misnamed);
  const names = [...new Set(files.flatMap((file) => nameOf(file) ?? []))].sort();
  if (names.length > mostViews) {
    const message = `${viewsFolder}/ has ${names.length.toLocaleString("en-US")} views; at most ${mostViews.toLocaleString("en-US")} are allowed`;
    return { sound: new Map(), broken: new Map(), problems: [{ message, severity: "error" }] };
  }
  const validate = names.length > 0 ? compileSchema(viewSchema) : null;
  const sound = new Map<string, FeatureView>();
  const broken = new Map<string, readonly Problem[]>();
  for (const name of names) {
    const loaded = loadView(root, name, validate!);
    if ("view" in loaded) sound.set(name, loaded.view);
    else broken.set(name, loaded.problems);
  }
  return { sound, broken, problems };
}

/** Names of what lies in `features/`, sorted; none when there is no such folder. */
export function listViewFiles(root: string): string[] {
  try {
    return readdirSync(join(root, viewsFolder)).sort();
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return [];
    const detail = { tried: `listing the folder ${viewsFolder}`, safe: "nothing was changed" };
    throw new EnvironmentError(`cannot read ${viewsFolder}: ${(cause as Error).message}`, detail, { cause });
  }
}

function nameOf(file: string): string | null {
  const name = /^(.*)\.(?:sql|yaml)$/s.exec(file)?.[1];
  return name !== undefined && viewName.test(name) ? name : null;
}

/** Other files, such as a README, are nobody's business. */
function misnamed(file: string): Problem[] {
  const where = { file: `${viewsFolder}/${file}`, line: 1, column: 1 };
  if (/\.yml$/.test(file)) {
    return [{ message: `${where.file} is not read`, hint: "name it .yaml", where, severity: "error" }];
  }
  if (!/\.(sql|yaml)$/.test(file) || nameOf(file) !== null) return [];
  const message = `${JSON.stringify(file.replace(/\.(sql|yaml)$/, ""))} is no name of a feature view`;
  const hint =
    "lower-case letters, digits and _, such as customer_orders: it is a table's name, features.customer_orders";
  return [{ message, hint, where, severity: "error" }];
}

type Loaded = { view: FeatureView } | { problems: Problem[] };

function loadView(root: string, name: string, validate: Validator): Loaded {
  const [file, path] = [`${viewsFolder}/${name}.yaml`, `${viewsFolder}/${name}.sql`];
  const [yaml, sql] = [readProjectFile(root, file), readProjectFile(root, path)];
  const problems: Problem[] = [];
  const refuse = (where: string, message: string, hint?: string) => {
    problems.push({ message, ...(hint && { hint }), where: { file: where, line: 1, column: 1 }, severity: "error" });
  };
  if (yaml.state === "absent")
    refuse(path, `${file} is not there: it says what identifies a row of ${path}`, "write  key: customer_id  into it");
  if (yaml.state === "refused") refuse(file, `${file} cannot be used: ${yaml.reason}`);
  if (sql.state === "absent") refuse(file, `${path} is not there`, "write the view, one SELECT, into that file");
  if (sql.state === "refused") refuse(path, `${path} cannot be used: ${sql.reason}`);
  const query = sql.state === "read" ? { path, text: sql.text.replace(/^\uFEFF/, " ") } : null;
  if (query) problems.push(...queryProblems(query.path, query.text));
  if (yaml.state !== "read") return { problems };
  const parsed = parseView(yaml.text, file, validate);
  problems.push(...parsed.problems);
  if (!query || !parsed.config || problems.length > 0) return { problems };
  const { config, locate } = parsed;
  const reads = [...new Set(viewMentions(query.text).map(({ view }) => view))];
  return { view: { name, file, config, query, reads, locate } };
}

function queryProblems(path: string, text: string): Problem[] {
  const at = (index: number) => {
    const before = text.slice(0, index).split("\n");
    const lineText = text.split("\n")[before.length - 1]!;
    return { file: path, line: before.length, column: before.at(-1)!.length + 1, length: 1, lineText };
  };
  const problem = (message: string, hint: string, index = 0): Problem[] => [
    { message, hint, where: at(index), severity: "error" },
  ];
  const hint = "write one SELECT";
  if (text.includes("\0")) return problem(`${path} cannot be used: it is not a text file`, hint);
  if (text.trim() === "") return problem(`${path} is empty`, hint);
  const unusable = unusableBody(text);
  return unusable ? problem(`a view is exactly one SELECT: ${unusable.reason}`, hint, unusable.at) : [];
}

interface ParsedView extends Pick<FeatureView, "locate"> {
  config: ViewConfig | null;
  problems: Problem[];
}

/** Reads the YAML of a view. Never throws on any text. */
export function parseView(text: string, file: string, validate: Validator = compileSchema(viewSchema)): ParsedView {
  const yaml = openYaml(text, file);
  const findings = [...yaml.findings];
  if (findings.length === 0 && yaml.value !== undefined) findings.push(...validate(yaml.value));
  const filled = fillDefaults(viewSchema, yaml.value ?? {}) as unknown as FilledView;
  if (findings.length === 0) findings.push(...viewRules(filled));
  const problems = findings.slice(0, mostProblems).map((finding) => toProblem(finding, yaml.locate(finding)));
  problems.sort((a, b) => a.where!.line - b.where!.line || a.where!.column - b.where!.column);
  const locate: FeatureView["locate"] = (path) => yaml.locate({ path });
  return { config: findings.length === 0 ? completed(filled) : null, problems, locate };
}

function completed({ description, owner, key, time, ttl, columns, constraints }: FilledView): ViewConfig {
  return {
    description,
    owner: owner ?? null,
    key: keysOf(key),
    time: time ?? null,
    ttl: ttl ?? null,
    columns: (columns ?? {}) as ViewConfig["columns"],
    constraints: constraints as readonly DataCheck[],
  };
}

function keysOf(key: FilledView["key"]): readonly string[] {
  return typeof key === "string" ? [key] : (key as readonly string[]);
}

/** What the schema cannot say. */
function viewRules({ key, time, ttl, columns = {}, constraints }: FilledView): Finding[] {
  const keys = keysOf(key);
  const taken = [...keys, ...(time === undefined ? [] : [time])];
  return [
    ...when(time !== undefined && keys.some((each) => sameColumn(each, time)), {
      path: ["time"],
      message: `time is "${time}", which is key too`,
      hint: "time is the column that says since when a row is known",
    }),
    ...when(ttl !== undefined && time === undefined, {
      path: ["ttl"],
      message: "ttl is there, but time is missing: nothing tells how old a row is",
      hint: "add the column that says since when a row is known, for example  time: updated_at",
    }),
    ...Object.keys(columns as Record<string, Json>).flatMap((name) =>
      when(
        taken.some((each) => sameColumn(each, name)),
        {
          path: ["columns", name],
          at: "key",
          message: `${dotted(["columns", name])} is key or time, and no feature`,
          hint: "remove it",
        },
      ),
    ),
    ...(constraints as Parameters<typeof checkFindings>[0][]).flatMap((check, at) =>
      checkFindings(check, ["constraints", at], () => true),
    ),
  ];
}
