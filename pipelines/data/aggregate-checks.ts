import type { Bounds, DataCheck, Severity } from "../config/model-config.ts";
import { type AggregateName, aggregateNames, type RowRuleName } from "../config/schema/checks-schema.ts";
import { type Problem, type SourceLocation, UserError } from "../errors/expected-error.ts";
import { boundsText, numberText } from "../statistics/format-number.ts";
import { type Dialect, isNumeric, type SourceColumn } from "./engines/session.ts";
import { nameHint } from "./name-hint.ts";
import { rowKind, rowRuleNames } from "./row-checks.ts";

interface AggregateKind {
  /** For the label, before the bounds. */
  title(q: number): string;
  /** SQL of the number; `value` is null where it is missing. It is made of a number when `ofNumbers`. */
  sql(value: string, dialect: Dialect, q: number): string;
  ofNumbers: boolean;
}

/** Every rule about one number of a whole column: a line each, and a key in the schema. In the order in which they are told. */
export const aggregateKinds: Readonly<Record<AggregateName, AggregateKind>> = {
  distinct_count: { title: () => "distinct count", sql: (value) => `count(DISTINCT ${value})`, ofNumbers: false },
  min: { title: () => "min", sql: (value) => `min(${value})`, ofNumbers: true },
  max: { title: () => "max", sql: (value) => `max(${value})`, ofNumbers: true },
  mean: { title: () => "mean", sql: (value) => `avg(${value})`, ofNumbers: true },
  quantile: {
    title: (q) => `${numberText(q)} quantile`,
    sql: (value, dialect, q) => dialect.quantile(value, q),
    ofNumbers: true,
  },
};

/** Why a column cannot be asked for a number; null when it can. */
function aggregateFault(name: AggregateName, { kind, name: column, type }: SourceColumn): [string, string] | null {
  if (!aggregateKinds[name].ofNumbers || isNumeric(kind) || kind === "boolean") return null;
  return [`${name} needs a number, but ${column} is ${type}`, "use between, or cast the column in the query"];
}

interface RuleBase {
  /** E.g. `distance between [0, 6000]`. */
  label: string;
  severity: Severity;
}

/** A rule each row must keep; nulls are left out, but for not_null. */
export interface RowRule extends RuleBase {
  scope: "row";
  test: RowRuleName;
  /** What the check says of it, of the shape that its schema has. */
  given: unknown;
  column: SourceColumn;
  /** Of a comparison. */
  other: SourceColumn | null;
  mostly: number;
}

/** A rule about one number of the whole column; `column` is null for the number of rows. */
export interface AggregateRule extends RuleBase {
  scope: "aggregate";
  column: SourceColumn | null;
  measure: "rows" | AggregateName;
  /** Only for a quantile. */
  q: number;
  bounds: Bounds;
}

/** A rule that the column's type alone decides. */
type TypeRule = RuleBase & { scope: "type"; passed: boolean; found: string };

/** A check taken apart: one rule each, with the column it is about and a text for people. */
export type CheckRule = RowRule | AggregateRule | TypeRule;

/** Throws UserError with every check that names an unknown column or asks of a type what it cannot answer. */
export function resolveChecks(
  checks: readonly DataCheck[],
  columns: readonly SourceColumn[],
  locate: (check: number) => SourceLocation | undefined,
  list = "features.checks",
): CheckRule[] {
  const problems: Problem[] = [];
  const rules = checks.flatMap((check, at) => {
    const where = locate(at);
    const complain = (message: string, hint: string) => {
      problems.push({ message, hint, key: `${list}[${at}]`, ...(where ? { where } : {}) });
    };
    return rulesOf(check, columns, complain);
  });
  if (problems.length > 0) throw new UserError(problems);
  return rules;
}

/** A check by its name; `everyRow` when one row that breaks it is too many. */
export interface ExpectedCheck extends Pick<RuleBase, "severity"> {
  check: string;
  everyRow: boolean;
}

/** What results these checks have, in their order, on whatever columns the query returns. */
export function expectedChecks(checks: readonly DataCheck[]): ExpectedCheck[] {
  const named = (name: string): SourceColumn => ({ name, kind: "other", scale: 0, type: "" });
  return checks.flatMap((check) => {
    const columns = [check.column, check.compare?.column].flatMap((name) => (name === undefined ? [] : [named(name)]));
    const rules = rulesOf(check, columns, () => {}); // whether they fit the columns is no matter here
    return rules.map((rule) => ({
      check: rule.label,
      severity: rule.severity,
      everyRow: rule.scope === "row" && rule.mostly === 1,
    }));
  });
}

type Complain = (message: string, hint: string) => void;

function rulesOf(check: DataCheck, columns: readonly SourceColumn[], complain: Complain): CheckRule[] {
  const { severity, rows } = check;
  const onRows: CheckRule[] = rows ? [aggregate(null, "rows", rows, `rows ${boundsText(rows)}`, severity)] : [];
  if (check.column === undefined) return onRows;
  const column = findColumn(check.column, columns, complain);
  if (!column) return onRows;
  return [
    ...onRows,
    ...typeRules(check, column),
    ...rowRules(check, column, columns, complain),
    ...aggregateRules(check, column, complain),
  ];
}

function findColumn(name: string, columns: readonly SourceColumn[], complain: Complain): SourceColumn | undefined {
  const found = columns.find((column) => column.name === name);
  const names = columns.map((column) => column.name);
  if (!found)
    complain(
      `a check names column ${name}, which the query does not return`,
      `${nameHint(name, names)}it returns: ${names.join(", ")}`,
    );
  return found;
}

function typeRules({ type, severity }: DataCheck, column: SourceColumn): TypeRule[] {
  if (type === undefined) return [];
  const passed = type === "number" ? isNumeric(column.kind) : type === column.kind;
  return [{ scope: "type", label: `${column.name} type ${type}`, severity, passed, found: column.type }];
}

function rowRules(
  check: DataCheck,
  column: SourceColumn,
  columns: readonly SourceColumn[],
  complain: Complain,
): RowRule[] {
  const { severity, mostly, compare } = check;
  const share = mostly < 1 ? ` for ${numberText(mostly * 100)}% of rows` : "";
  const other = compare ? (findColumn(compare.column, columns, complain) ?? null) : null;
  return rowRuleNames.flatMap((test) => {
    const given = check[test];
    if (given === undefined || (test === "compare" && !other)) return [];
    const { title, fault } = rowKind(test);
    const found = test === "compare" ? incomparable(column, other!) : fault?.(given, column);
    if (found) complain(...found);
    const label = `${column.name} ${title(given)}${share}`;
    return [{ scope: "row", label, severity, column, mostly, test, given, other: test === "compare" ? other : null }];
  });
}

function incomparable(left: SourceColumn, right: SourceColumn): [string, string] | null {
  const family = ({ kind }: SourceColumn) => (isNumeric(kind) ? "number" : kind === "timestamp" ? "date" : kind);
  if (family(left) === family(right) && left.kind !== "nested") return null;
  return [
    `${left.name} (${left.type}) cannot be compared with ${right.name} (${right.type})`,
    "cast one of them in the query",
  ];
}

function aggregateRules(check: DataCheck, column: SourceColumn, complain: Complain): AggregateRule[] {
  return aggregateNames.flatMap((measure) => {
    const bounds = check[measure];
    if (!bounds) return [];
    const fault = aggregateFault(measure, column);
    if (fault) complain(...fault);
    const q = "q" in bounds ? bounds.q : 0;
    const label = `${column.name} ${aggregateKinds[measure].title(q)} ${boundsText(bounds)}`;
    return [{ ...aggregate(column, measure, bounds, label, check.severity), q }];
  });
}

function aggregate(
  column: SourceColumn | null,
  measure: AggregateRule["measure"],
  bounds: Bounds,
  label: string,
  severity: Severity,
): AggregateRule {
  return { scope: "aggregate", column, measure, q: 0, bounds, label, severity };
}
