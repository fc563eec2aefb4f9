import { type Problem, UserError } from "../errors/expected-error.ts";
import { countOf, formatCount } from "../statistics/format-number.ts";
import type { Locate, RoleRequest } from "./assign-roles.ts";
import type { ColumnFacts, QueryResult, WrittenSplits } from "./engines/engine.ts";
import type { RoleColumn } from "./engines/session.ts";

const mostClasses = 1000;

/** Throws UserError when target, key or time have values they must not have. */
export async function requireUsableRows(
  result: QueryResult,
  columns: readonly RoleColumn[],
  facts: readonly ColumnFacts[],
  { features, locate }: RoleRequest,
): Promise<void> {
  const problems = columns.flatMap((column, at) => {
    const fact = facts[at];
    return fact ? columnProblems(column, fact, result.rows, features.split.by === "time", locate) : [];
  });
  const keys = columns.filter(({ role }) => role === "key");
  if (problems.length === 0 && keys.length > 0) problems.push(...(await repeatedKeyProblems(result, keys, locate)));
  if (problems.length > 0) throw new UserError(problems);
}

function columnProblems(
  column: RoleColumn,
  fact: ColumnFacts,
  rows: number,
  byTime: boolean,
  locate: Locate,
): Problem[] {
  const { name, role, kind } = column;
  const problem = (message: string, hint: string): Problem => at(locate, ["features", role], message, hint);
  const of = `of ${countOf(rows, "row")}`;
  const problems: Problem[] = [];
  const leaveOut = `leave them out in the query: WHERE ${quoted(name)} IS NOT NULL`;
  if (role === "target" && fact.missing > 0) {
    const nan = fact.nan > 0 ? ` (${formatCount(fact.nan)} NaN)` : "";
    problems.push(problem(`the target ${name} is missing in ${formatCount(fact.missing)} ${of}${nan}`, leaveOut));
  }
  if (role === "target" && kind === "double" && fact.infinite > 0) {
    const hint = `leave them out in the query: WHERE isfinite(${quoted(name)})`;
    problems.push(problem(`the target ${name} is infinite in ${formatCount(fact.infinite)} ${of}`, hint));
  }
  if (role === "key" && fact.missing > 0) {
    problems.push(problem(`the key ${name} is missing in ${formatCount(fact.missing)} ${of}`, leaveOut));
  }
  if (role === "group" && fact.missing > 0) {
    const path = ["features", "split", "group"];
    problems.push(at(locate, path, `the group ${name} is missing in ${formatCount(fact.missing)} ${of}`, leaveOut));
  }
  if (role === "time" && byTime && fact.missing > 0) {
    problems.push(
      problem(`the time ${name} is missing in ${formatCount(fact.missing)} ${of}, and the split needs it`, leaveOut),
    );
  }
  return problems;
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function at(locate: Locate, path: readonly string[], message: string, hint: string): Problem {
  const where = locate(path);
  return { message, hint, key: path.join("."), ...(where ? { where } : {}) };
}

async function repeatedKeyProblems(
  result: QueryResult,
  keys: readonly RoleColumn[],
  locate: Locate,
): Promise<Problem[]> {
  const { rows, example } = await result.repeatedKeys(keys);
  if (rows === 0) return [];
  const names = keys.map(({ name }) => name).join(", ");
  const message = `the key ${names} is not unique: ${formatCount(rows)} of ${countOf(result.rows, "row")} share theirs, e.g. ${example}`;
  return [at(locate, ["features", "key"], message, "add a column to the key, or return one row per key")];
}

/** Throws UserError when a split has nothing to learn from, or nothing to judge by. */
export function requireUsableSplits(
  splits: WrittenSplits,
  target: string,
  { features, task, locate }: RoleRequest,
): void {
  const { train, test, classes } = splits;
  const { split } = features;
  if (train.rows === 0 || test.rows === 0) {
    const [empty, other] = train.rows === 0 ? ["train", test] : ["test", train];
    const message = `the ${empty} split is empty: all ${countOf(other.rows, "row")} went to the other side`;
    const few = split.group === undefined ? "there are too few rows" : `there are too few different ${split.group}`;
    const why = split.by === "time" ? "most rows have the same time" : few;
    throw new UserError(
      at(locate, ["features", "split"], message, `${why}; return more rows, or change features.split`),
    );
  }
  if (train.constant) {
    const message = `the target ${target} is the same in all ${countOf(train.rows, "row")} of the train split`;
    throw new UserError(
      at(locate, ["features", "target"], message, "there is nothing to learn; check the query, or its window"),
    );
  }
  if (task === "classification" && classes.length > mostClasses) {
    const message = `the target ${target} has more than ${formatCount(mostClasses)} classes`;
    throw new UserError(
      at(locate, ["features", "target"], message, "group rare classes in the query, or write task: regression"),
    );
  }
}

/** Facts about features that deserve a line in the report. */
export function featureNotes(columns: readonly RoleColumn[], facts: readonly ColumnFacts[], rows: number): string[] {
  return columns.flatMap((column, index) => {
    const fact = facts[index];
    return column.role === "feature" && fact ? notesOf(column, fact, rows) : [];
  });
}

function notesOf({ name }: RoleColumn, { missing, infinite, overflow, constant }: ColumnFacts, rows: number): string[] {
  const notes: string[] = [];
  if (missing === rows) notes.push(`${name} has no values at all`);
  else if (constant && missing === 0) notes.push(`${name} has the same value in every row`);
  if (infinite > 0) notes.push(`${name} is infinite in ${countOf(infinite, "row")}`);
  if (overflow > infinite)
    notes.push(
      `${name} is too large for a 32-bit number in ${countOf(overflow - infinite, "row")}, and becomes infinite`,
    );
  return notes;
}

/** Features whose values fall together in the 32-bit numbers that models compute with, and what mends it. */
export function precisionWarnings(columns: readonly RoleColumn[], facts: readonly ColumnFacts[]): string[] {
  return columns.flatMap(({ name }, at) => {
    const lost = facts[at]?.lost;
    if (!lost) return [];
    const { given, kept } = lost;
    const column = quoted(name);
    const found = `${name} has ${formatCount(given)} different values, and the model, which gets 32-bit numbers, sees ${formatCount(kept)}`;
    return [`${found}: subtract an origin in the query, e.g. ${column} ${minus(originOf(lost))} AS ${column}`];
  });
}

/** A round number just below the lowest value. */
function originOf({ lowest, highest }: { lowest: number; highest: number }): number {
  const unit = 10 ** Math.floor(Math.log10(highest - lowest));
  return Math.floor(lowest / unit) * unit;
}

function minus(origin: number): string {
  const text = String(Number(Math.abs(origin).toPrecision(15)));
  return origin < 0 ? `+ ${text}` : `- ${text}`;
}
