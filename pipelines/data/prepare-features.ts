import { type Problem, UserError } from "../errors/expected-error.ts";
import { resolveChecks } from "./aggregate-checks.ts";
import { assignRoles, featureSpecs, withoutJoined } from "./assign-roles.ts";
import { type FeatureModel, unusedWindowProblem } from "./build-features.ts";
import type { DataFolder } from "./data-folders.ts";
import { composedSql, type Engine, type PreparedQuery, type QueryLimits } from "./engines/engine.ts";

/** What preparing a query may use: it reads no rows, so that every model's gets the same. */
export const preparing: QueryLimits = { memory_gb: 1, threads: 1, seconds: 20 };

/** What is known of a model's datasets before any row is read. `features` is null when the query cannot be prepared. */
export interface PreparedFeatures {
  problems: Problem[];
  features: readonly string[] | null;
}

/** Prepares a model's feature query and holds all that the config says of its columns against it. */
export async function prepareFeatures(
  model: FeatureModel,
  folders: readonly DataFolder[],
  engine: Engine,
): Promise<PreparedFeatures> {
  const { task, features, thresholds, drift, serving } = model.config;
  const sql = composedSql(model.query);
  const unusedWindow = unusedWindowProblem(model);
  const job = { sql, window: features.window, unusedWindow, folders, limits: preparing };
  const query = await attempt(() => engine.prepare(job));
  if ("problems" in query) return { problems: query.problems, features: null };
  const columns = withoutJoined(query.value.columns, features);
  const locate = (path: readonly (string | number)[]) => model.locate?.(path);
  const slices = thresholds.slices.map(({ by }) => by);
  const redacted = serving?.log.redact;
  const request = { task, features, slices, driftGroup: drift.group, redacted, locate, sql };
  const roles = await attempt(() => assignRoles(columns, request));
  const checks = await attempt(() =>
    resolveChecks(features.checks, columns, (at) => locate(["features", "checks", at])),
  );
  const problems = [roles, checks].flatMap((each) => ("problems" in each ? each.problems : []));
  return { problems, features: featureNames(roles, columns) };
}

function featureNames(roles: Attempt<ReturnType<typeof assignRoles>>, columns: PreparedQuery["columns"]): string[] {
  return "problems" in roles ? columns.map(({ name }) => name) : featureSpecs(roles.value).map(({ name }) => name);
}

type Attempt<Value> = { value: Value } | { problems: Problem[] };

/** What came of it, or what the user can mend; other errors are thrown. */
export async function attempt<Value>(work: () => Value | Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof UserError) return { problems: [...error.problems] };
    throw error;
  }
}
