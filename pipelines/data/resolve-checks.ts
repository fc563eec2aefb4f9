import type { Bounds, DataCheck, Severity } from "../config/model-config.ts";
import { type Problem, type SourceLocation, UserError } from "../errors/user-error.ts";
import { boundsText, numberText } from "../statistics/format-number.ts";
import { type ColumnKind, isNumeric, type SourceColumn } from "./columns.ts";
import { nameHint } from "./name-hint.ts";

interface RuleBase {
  /** E.g. `distance between [0, 6000]`. */
  label: string;
  severity: Severity;
}

type RowTest =
  | { test: "not_null" }
  | { test: "unique" }
  | { test: "between"; low: number | string | null; high: number | string | null }
  | { test: "in_set"; values: readonly (string | number | boolean)[] }
  | { test: "matches"; pattern: string }
  | { test: "compare"; op: string; other: SourceColumn };

/** A rule each row must keep; nulls are left out, but for not_null. */
export type RowRule = RuleBase & { scope: "row"; column: SourceColumn; mostly: number } & RowTest;

/** A rule about one number of the whole column; `column` is null for the number of rows. */
export type AggregateRule = RuleBase & {
  scope: "aggregate";
  column: SourceColumn | null;
  measure: "rows" | "distinct_count" | "min" | "max" | "mean" | "quantile";
  /** Only for a quantile. */
  q: number;
  bounds: Bounds;
};

/** A rule that the column's type alone decides. */
type TypeRule = RuleBase & { scope: "type"; passed: boolean; found: string };

/** A check taken apart: one rule each, with the column it is about and a text for people. */
export type CheckRule = RowRule | AggregateRule | TypeRule;

/** Throws UserError with every check that names an unknown column or asks of a type what it cannot answer. */
export function resolveChecks(
  checks: readonly DataCheck[],
  columns: readonly SourceColumn[],
  locate: (check: number) => SourceLocation | undefined,
): CheckRule[] {
  const problems: Problem[] = [];
  const rules = checks.flatMap((check, at) => {
    const where = locate(at);
    const complain = (message: string, hint: string) => {
      problems.push({ message, hint, key: `features.checks[${at}]`, ...(where ? { where } : {}) });
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
  const { severity, mostly, not_null, unique, between, in_set, matches, compare } = check;
  const share = mostly < 1 ? ` for ${numberText(mostly * 100)}% of rows` : "";
  const rule = (text: string, test: RowTest): RowRule => ({
    scope: "row",
    label: `${column.name} ${text}${share}`,
    severity,
    column,
    mostly,
    ...test,
  });
  const rules: RowRule[] = [];
  if (not_null) rules.push(rule("not null", { test: "not_null" }));
  if (unique) rules.push(rule("unique", { test: "unique" }));
  if (between) {
    requireFit(between, column, "between", complain);
    const [low, high] = between;
    rules.push(rule(`between [${low ?? "…"}, ${high ?? "…"}]`, { test: "between", low, high }));
  }
  if (in_set) {
    requireFit(in_set, column, "in_set", complain);
    rules.push(
      rule(`in {${in_set.slice(0, 6).join(", ")}${in_set.length > 6 ? ", …" : ""}}`, {
        test: "in_set",
        values: in_set,
      }),
    );
  }
  if (matches !== undefined) {
    requireText(column, complain);
    rules.push(rule(`matches /${matches}/`, { test: "matches", pattern: matches }));
  }
  if (compare) {
    const other = findColumn(compare.column, columns, complain);
    if (other) {
      requireComparable(column, other, complain);
      rules.push(rule(`${compare.op} ${other.name}`, { test: "compare", op: compare.op, other }));
    }
  }
  return rules;
}

function requireText({ kind, name, type }: SourceColumn, complain: Complain): void {
  if (kind !== "text") complain(`matches needs text, but ${name} is ${type}`, "use between or in_set");
}

function requireComparable(left: SourceColumn, right: SourceColumn, complain: Complain): void {
  const family = ({ kind }: SourceColumn) => (isNumeric(kind) ? "number" : kind === "timestamp" ? "date" : kind);
  const same = family(left) === family(right) && left.kind !== "nested";
  if (!same)
    complain(
      `${left.name} (${left.type}) cannot be compared with ${right.name} (${right.type})`,
      "cast one of them in the query",
    );
}

/** Every value must be comparable with the column's. */
function requireFit(
  values: readonly (string | number | boolean | null)[],
  column: SourceColumn,
  name: string,
  complain: Complain,
): void {
  const wrong = values.find((value) => value !== null && !fits(value, column.kind));
  if (wrong === undefined) return;
  complain(
    `${name} of ${column.name} has ${JSON.stringify(wrong)}, but the column is ${column.type}`,
    `write ${wanted(column.kind)}`,
  );
}

const isoTime = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;

function fits(value: string | number | boolean, kind: ColumnKind): boolean {
  if (isNumeric(kind)) return typeof value === "number" && Number.isFinite(value);
  if (kind === "boolean") return typeof value === "boolean";
  if (kind === "date" || kind === "timestamp") {
    return typeof value === "string" && isoTime.test(value) && !Number.isNaN(Date.parse(value));
  }
  return kind === "text" && typeof value === "string";
}

function wanted(kind: ColumnKind): string {
  if (isNumeric(kind)) return "numbers";
  if (kind === "boolean") return "true or false";
  if (kind === "date" || kind === "timestamp") return "ISO dates such as 2001-03-31";
  return kind === "text"
    ? 'text, in quotes when it looks like a number: "1"'
    : "a check of another kind; this type has no values to compare";
}

function aggregateRules(check: DataCheck, column: SourceColumn, complain: Complain): AggregateRule[] {
  const { severity, distinct_count, quantile } = check;
  const rules: AggregateRule[] = [];
  if (distinct_count) {
    const label = `${column.name} distinct count ${boundsText(distinct_count)}`;
    rules.push(aggregate(column, "distinct_count", distinct_count, label, severity));
  }
  for (const measure of ["min", "max", "mean"] as const) {
    const bounds = check[measure];
    if (!bounds) continue;
    requireNumber(column, measure, complain);
    rules.push(aggregate(column, measure, bounds, `${column.name} ${measure} ${boundsText(bounds)}`, severity));
  }
  if (quantile) {
    requireNumber(column, "quantile", complain);
    const label = `${column.name} ${numberText(quantile.q)} quantile ${boundsText(quantile)}`;
    rules.push({ ...aggregate(column, "quantile", quantile, label, severity), q: quantile.q });
  }
  return rules;
}

function requireNumber(column: SourceColumn, rule: string, complain: Complain): void {
  const number = isNumeric(column.kind) || column.kind === "boolean";
  if (!number)
    complain(
      `${rule} needs a number, but ${column.name} is ${column.type}`,
      "use between, or cast the column in the query",
    );
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
