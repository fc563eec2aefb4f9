import type { FeaturesConfig, Task } from "../config/model-config.ts";
import { type Problem, type SourceLocation, UserError } from "../errors/expected-error.ts";
import { locateWord, type SqlText } from "./engines/engine.ts";
import { type ColumnRole, isNumeric, type RoleColumn, type SourceColumn } from "./engines/session.ts";
import { nameHint } from "./name-hint.ts";
import type { FeatureSpec } from "./table.ts";

/** Finds a key of model.yaml, when the caller can. */
export type Locate = (keyPath: readonly (string | number)[]) => SourceLocation | undefined;

/** What the config says about the query's columns. */
export interface RoleRequest {
  task: Task;
  features: FeaturesConfig;
  /** Columns of the slice rules. */
  slices: readonly string[];
  /** That of `drift.group`. */
  driftGroup?: string | undefined;
  /** Those of `serving.log.redact`: one that is misspelt would be logged in the open. */
  redacted?: readonly string[] | undefined;
  locate: Locate;
  sql: SqlText;
}

/**
 * Says of each column what it is for; whatever is not key, group, time or target is a feature. Throws UserError with every column the
 * config names in vain and every column whose type its role cannot have.
 */
export function assignRoles(columns: readonly SourceColumn[], request: RoleRequest): RoleColumn[] {
  const problems = missingColumns(columns, request);
  const roles = columns.map((column) => ({ ...column, role: roleOf(column.name, request.features) }));
  problems.push(...roles.flatMap((column) => typeProblem(column, request) ?? []));
  if (problems.length === 0 && !roles.some(({ role }) => role === "feature")) {
    const hint = "every column that is not key, group, time or target is a feature";
    problems.push({ message: "the query returns no features", hint, where: locateWord(request.sql, "select") });
  }
  if (problems.length > 0) throw new UserError(problems);
  return roles;
}

/** The columns without those that only joined entities to views. */
export function withoutJoined(
  columns: readonly SourceColumn[],
  { composition }: Pick<FeaturesConfig, "composition">,
): readonly SourceColumn[] {
  const joined = composition?.joined.map((name) => name.toLowerCase()) ?? [];
  return columns.filter(({ name }) => !joined.includes(name.toLowerCase()));
}

/** The model's inputs, in the order of the query. */
export function featureSpecs(columns: readonly RoleColumn[]): FeatureSpec[] {
  return columns.filter(({ role }) => role === "feature").map(({ name, kind }) => ({ name, kind: featureKind(kind) }));
}

function featureKind(kind: SourceColumn["kind"]): FeatureSpec["kind"] {
  if (kind === "boolean") return "boolean";
  return isNumeric(kind) ? "number" : "category";
}

function roleOf(name: string, { key, target, time, split }: FeaturesConfig): ColumnRole {
  if (name === target) return "target";
  if (key.includes(name)) return "key";
  if (name === split.group) return "group";
  return name === time ? "time" : "feature";
}

function missingColumns(
  columns: readonly SourceColumn[],
  { features, slices, driftGroup, redacted = [], locate }: RoleRequest,
): Problem[] {
  const names = columns.map(({ name }) => name);
  const asked: [string, readonly (string | number)[]][] = [
    [features.target, ["features", "target"]],
    ...features.key.map((name, at): [string, (string | number)[]] => {
      // One column may be written without brackets, and then has no place of its own.
      return [name, features.key.length === 1 ? ["features", "key"] : ["features", "key", at]];
    }),
    ...(features.time === null ? [] : [[features.time, ["features", "time"]] as [string, string[]]]),
    ...(features.split.group === undefined
      ? []
      : [[features.split.group, ["features", "split", "group"]] as [string, string[]]]),
    ...(driftGroup === undefined ? [] : [[driftGroup, ["drift", "group"]] as [string, string[]]]),
    ...redacted.map((name, at): [string, (string | number)[]] => [name, ["serving", "log", "redact", at]]),
    ...slices.map((name, at): [string, (string | number)[]] => [name, ["thresholds", "slices", at, "by"]]),
  ];
  return asked
    .filter(([name]) => !names.includes(name))
    .map(([name, path]) => {
      const where = locate(path);
      const message = `${path.filter((part) => typeof part === "string").join(".")} names column ${name}, which the query does not return`;
      const hint = `${nameHint(name, names)}it returns: ${names.join(", ")}`;
      return { message, hint, key: path.join("."), ...(where ? { where } : {}) };
    });
}

function typeProblem(column: RoleColumn, request: RoleRequest): Problem | null {
  const problem = wrongType(column, request);
  // Looked for only then: a search through the query for each of thousands of columns takes seconds.
  return problem && { ...problem, where: locateWord(request.sql, column.name) };
}

function wrongType(column: RoleColumn, request: RoleRequest): Problem | null {
  const { name, type, kind, role } = column;
  if (role === "feature" && !["boolean", "text"].includes(kind) && !isNumeric(kind)) {
    const message = `column ${name} is ${shortType(type)}, which cannot be a feature`;
    return { message, hint: `write ${insteadOf(column, request.features.window)}, or leave it out` };
  }
  if (role === "time" && kind !== "date" && kind !== "timestamp") {
    return {
      message: `time column ${name} is ${shortType(type)}, not a date or a timestamp`,
      hint: `write CAST(${name} AS TIMESTAMP) AS ${name}`,
    };
  }
  if ((role === "key" || role === "group") && kind === "nested") {
    return {
      message: `${role} column ${name} is ${shortType(type)}`,
      hint: `a ${role} is a number, a text, a date or the like`,
    };
  }
  return role === "target" ? targetProblem(column, request.task) : null;
}

function targetProblem({ name, kind, type }: RoleColumn, task: Task): Problem | null {
  if (task === "regression" && !isNumeric(kind)) {
    const hint = kind === "boolean" || kind === "text" ? "write task: classification in model.yaml" : "return a number";
    return { message: `the target ${name} is ${shortType(type)}, but a regression predicts a number`, hint };
  }
  if (task === "classification" && !["boolean", "integer", "text"].includes(kind)) {
    const hint = "return a boolean, an integer or a text, or write task: regression in model.yaml";
    return { message: `the target ${name} is ${shortType(type)}, which does not name classes`, hint };
  }
  return null;
}

function shortType(type: string): string {
  return type.length > 60 ? `${type.slice(0, 60)}…` : type;
}

/**
 * An expression that makes a feature of a column of this type. Seconds are counted from a day near the rows, because models
 * compute with 32-bit numbers, which hold seconds since 1970 only to the nearest 128.
 */
function insteadOf({ name, kind, type }: SourceColumn, window: FeaturesConfig["window"]): string {
  const column = /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  if (kind === "date") return `e.g. dayofyear(${column}) or year(${column})`;
  if (kind === "timestamp")
    return `e.g. hour(${column}), dayofyear(${column}) or the seconds since a day near the first row: epoch(${column}) - epoch(TIMESTAMP '${window?.start.slice(0, 10) ?? "2026-01-01"}')`;
  if (kind === "time") return `e.g. hour(${column}) * 60 + minute(${column})`;
  if (type === "INTERVAL") return `epoch(${column})`;
  if (type === "JSON") return `one member of it: CAST(${column} ->> '$.member' AS DOUBLE)`;
  if (/\]$/.test(type))
    return `one element (${column}[1]), a number about it (len(${column})), or one row each with unnest(${column})`;
  if (type.startsWith("MAP")) return `one member of it: ${column}['name']`;
  return kind === "nested" ? `one member of it: ${column}.member` : `a number or a text made of ${column}`;
}
