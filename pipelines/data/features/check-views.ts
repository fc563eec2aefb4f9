import type { UsedView } from "../../config/load-models.ts";
import type { ComposedView, Composition } from "../../config/model-config.ts";
import type { KeyPath } from "../../config/yaml/finding.ts";
import { type Problem, UserError } from "../../errors/expected-error.ts";
import { countOf, formatCount } from "../../statistics/format-number.ts";
import { type CheckRule, type ExpectedCheck, expectedChecks, resolveChecks } from "../aggregate-checks.ts";
import type { CheckResult } from "../dataset-store.ts";
import { composedSql, type Engine, type PrepareJob, type QueryJob } from "../engines/engine.ts";
import type { RoleColumn, SourceColumn } from "../engines/session.ts";
import { nameHint } from "../name-hint.ts";
import { attempt } from "../prepare-features.ts";
import { queryOfView } from "./compose-models.ts";
import type { JoinDialect } from "./point-in-time.ts";

/** Views to look at, each after those that it reads, in a model's window. */
export interface ViewsJob extends Omit<PrepareJob, "sql" | "unusedWindow"> {
  engine: Engine;
  quoteName: JoinDialect["quoteName"];
  views: readonly UsedView[];
  /** Of these the one to check; all when left out. */
  only?: string;
}

/** Results of the constraints of views, and rows of those that were looked at. */
export interface CheckedViews {
  checks: readonly CheckResult[];
  rows: number;
}

/** Runs the constraints of every view, and that its key and time identify a row. Throws UserError when a view or its YAML is wrong. */
export async function checkViews(job: ViewsJob & { staging: QueryJob["staging"] }): Promise<CheckedViews> {
  const checked: { checks: CheckResult[]; rows: number } = { checks: [], rows: 0 };
  for (const view of job.views.filter(({ name }) => job.only === undefined || name === job.only)) {
    const columns = await columnsOfView(job, view);
    const rules = rulesOf(view, columns);
    const names = new Set([...identity(view), ...rules.flatMap(namesOf)]);
    const needed = columns.map(({ name }) => name).filter((name) => names.has(name));
    const result = await job.engine.query({ ...queryJob(job, view, needed), staging: job.staging });
    try {
      const places = placesOf(view, rules);
      const results = await result.check(rules);
      const found = [
        ...results.map((each, at) => ({ each, at: places[at]! })),
        { each: await identifies(result, view, columns), at: ["key"] },
      ];
      checked.checks.push(...found.map(({ each, at }) => placed(view, each, at)));
      checked.rows += result.rows;
    } finally {
      await result.close();
    }
  }
  return checked;
}

/** What is wrong with views without reading a row: their SQL, and each column that the YAML names in vain. */
export async function viewProblems(job: ViewsJob): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const view of job.views) {
    const tried = await attempt(async () => rulesOf(view, await columnsOfView(job, view)));
    // One that reads a broken one says the same again.
    if ("problems" in tried) return [...problems, ...tried.problems];
  }
  return problems;
}

/** The columns of a view. Throws UserError for each that its YAML names and that is not there, or cannot be what it says. */
export async function columnsOfView(job: ViewsJob, view: UsedView): Promise<readonly SourceColumn[]> {
  const { columns } = await job.engine.prepare(queryJob(job, view, null));
  const { key, time } = view.config;
  const names = columns.map(({ name }) => name);
  const asked: [string, KeyPath, string][] = [
    ...key.map((name, at): [string, KeyPath, string] => [name, key.length === 1 ? ["key"] : ["key", at], "key"]),
    ...(time === null ? [] : [[time, ["time"], "time"] as [string, KeyPath, string]]),
    ...Object.keys(view.config.columns).map((name): [string, KeyPath, string] => [name, ["columns", name], "columns"]),
  ];
  const problems = asked.flatMap(([name, path, what]): Problem[] => {
    const found = columns.find((column) => column.name === name);
    const problem = (message: string, hint: string): Problem[] => [
      { message, hint, where: view.locate(path), key: what, severity: "error" },
    ];
    if (!found)
      return problem(
        `${what} names column ${name}, which ${view.query.path} does not return`,
        `${nameHint(name, names)}it returns: ${names.join(", ")}`,
      );
    if (what === "time" && found.kind !== "date" && found.kind !== "timestamp")
      return problem(
        `time column ${name} is ${found.type}, not a date or a timestamp`,
        `write CAST(${name} AS TIMESTAMP) AS ${name} in ${view.query.path}`,
      );
    if (what === "key" && found.kind === "nested")
      return problem(
        `key column ${name} is ${found.type.slice(0, 60)}`,
        "a key is a number, a text, a date or the like",
      );
    return [];
  });
  if (problems.length > 0) throw new UserError(problems);
  return columns;
}

/** What results the checks of views have, in their order. */
export function expectedOfViews(composition: Composition | undefined): ExpectedCheck[] {
  return (composition?.views ?? []).flatMap((view) => [
    ...expectedChecks([...notNull(view), ...view.constraints]).map((each) => ({
      ...each,
      check: labelled(view.name, each.check),
    })),
    { check: labelled(view.name, identityLabel(view)), severity: "block" as const, everyRow: true },
  ]);
}

/** The views of a record, whose YAML may be another by now: nothing of theirs has a line. */
export function recordedViews({ views }: Composition): UsedView[] {
  return views.map(({ name, query, columns, ...config }) => ({
    name,
    query: { path: `features/${name}.sql`, text: query },
    config: { ...config, columns: Object.fromEntries(columns.map((column) => [column, ""])) },
    locate: () => ({ file: `features/${name}.yaml`, line: 1, column: 1 }),
  }));
}

/** Throws UserError with the constraints that block. */
export function requireSoundViews({ checks }: CheckedViews): void {
  const failed = checks.filter(({ passed, severity }) => !passed && severity === "block");
  if (failed.length === 0) return;
  throw new UserError(
    failed.map(({ check, found, where }) => {
      const [, file, line] = /^(.*):(\d+)$/.exec(where ?? "") ?? [];
      const hint = "mend the view or its data; what a constraint blocks is used nowhere";
      return {
        message: `the constraint "${check}" does not hold: ${found}`,
        hint,
        ...(file && { where: { file, line: Number(line), column: 1 } }),
      };
    }),
  );
}

function queryJob(job: ViewsJob, view: UsedView, columns: readonly string[] | null): PrepareJob {
  const { window, noWindow, folders, limits } = job;
  const sql = composedSql(queryOfView(view.name, columns, job.views, job.quoteName));
  return { sql, window, noWindow, folders, limits };
}

function rulesOf(view: UsedView, columns: readonly SourceColumn[]): CheckRule[] {
  const own = notNull({ name: view.name, ...view.config });
  const all = [...own, ...view.config.constraints];
  const locate = (at: number) => view.locate(at < own.length ? ["key"] : ["constraints", at - own.length]);
  return resolveChecks(all, columns, locate, "constraints");
}

/** Where each rule is written: a check may be several. */
function placesOf(view: UsedView, rules: readonly CheckRule[]): KeyPath[] {
  const own = notNull({ name: view.name, ...view.config }).map((): KeyPath => ["key"]);
  const written = view.config.constraints.flatMap((check, at) =>
    expectedChecks([check]).map((): KeyPath => ["constraints", at]),
  );
  const places = [...own, ...written];
  if (places.length !== rules.length)
    throw new Error(`${rules.length} rules of ${view.name} are at ${places.length} places`);
  return places;
}

/** Neither the key nor the time is ever missing: such a row is no entity's. */
function notNull({ key, time }: Pick<ComposedView, "name" | "key" | "time">) {
  const names = [...key, ...(time === null ? [] : [time])];
  return names.map((column) => ({ column, not_null: true as const, mostly: 1, severity: "block" as const }));
}

function identity({ config: { key, time } }: UsedView): string[] {
  return [...key, ...(time === null ? [] : [time])];
}

function namesOf(rule: CheckRule): string[] {
  if (rule.scope === "type") return [];
  const other = rule.scope === "row" ? rule.other : null;
  return [rule.column, other].flatMap((column) => column?.name ?? []);
}

function identityLabel({ key, time }: Pick<ComposedView, "key" | "time">): string {
  return `${[...key, ...(time === null ? [] : [time])].join(", ")} unique`;
}

async function identifies(
  result: { repeatedKeys(keys: readonly RoleColumn[]): Promise<{ rows: number; example: string }>; rows: number },
  view: UsedView,
  columns: readonly SourceColumn[],
): Promise<CheckResult> {
  const keys = identity(view).map(
    (name): RoleColumn => ({ ...columns.find((column) => column.name === name)!, role: "key" }),
  );
  const { rows, example } = await result.repeatedKeys(keys);
  const found =
    rows === 0
      ? `all ${countOf(result.rows, "row")}`
      : `${formatCount(rows)} of ${countOf(result.rows, "row")}, e.g. ${example.slice(0, 60)}`;
  return { check: identityLabel(view.config), severity: "block", passed: rows === 0, found, failing_rows: rows };
}

function labelled(view: string, check: string): string {
  return `features.${view}: ${check}`;
}

function placed({ name, locate }: UsedView, result: CheckResult, path: KeyPath): CheckResult {
  const check = labelled(name, result.check);
  if (result.passed) return { ...result, check };
  const { file, line } = locate(path);
  return { ...result, check, where: `${file}:${line}` };
}
