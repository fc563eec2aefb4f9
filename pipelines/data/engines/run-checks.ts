import { UserError } from "../../errors/expected-error.ts";
import { countOf, formatCount, numberText } from "../../statistics/format-number.ts";
import { type AggregateRule, aggregateKinds, type CheckRule, type RowRule } from "../aggregate-checks.ts";
import type { CheckResult } from "../dataset-store.ts";
import { rowKind } from "../row-checks.ts";
import type { Dialect, QuerySession, SourceColumn } from "./session.ts";

/** All rules in one scan of the relation; a failed row rule gets one more look for an example. Order is kept. */
export async function runChecks(
  session: QuerySession,
  relation: string,
  rules: readonly CheckRule[],
): Promise<CheckResult[]> {
  await tryPatterns(session, rules);
  const selected = rules.map((rule, at) => aggregatesOf(session.dialect, rule, at)).filter((sql) => sql !== null);
  const row = await session.row(`SELECT ${["count(*) AS all_rows", ...selected].join(",\n")} FROM ${relation}`);
  const results: CheckResult[] = [];
  for (const [at, rule] of rules.entries()) results.push(await resultOf(session, relation, rule, row, at));
  return results;
}

/** A pattern that is none must not fail the scan of all the others. */
async function tryPatterns(session: QuerySession, rules: readonly CheckRule[]): Promise<void> {
  for (const rule of rules) {
    if (rule.scope !== "row" || rule.test !== "matches") continue;
    try {
      await session.row(`SELECT ${session.dialect.matches("''", String(rule.given))} AS fits`);
    } catch (error) {
      const reason = session.dialect.failure(error)?.message ?? "it is not understood";
      const hint = "patterns are RE2: no look-around and no back references";
      throw new UserError(
        { message: `the pattern of ${rule.label} is wrong: ${reason}`, hint, key: "features.checks" },
        { cause: error },
      );
    }
  }
}

/** The column's value, with NaN as null: a missing number is missing however it is spelt. */
function presentValue(dialect: Dialect, { name, kind }: SourceColumn): string {
  const column = dialect.quoteName(name);
  return kind === "double" ? `CASE WHEN ${dialect.isNaN(column)} THEN NULL ELSE ${column} END` : column;
}

function literal(dialect: Dialect, value: string | number | boolean, { kind }: SourceColumn): string {
  if (typeof value === "number") return kind === "double" ? dialect.doubleLiteral(value) : String(value);
  if (typeof value === "boolean") return String(value);
  const isTime = kind === "date" || kind === "timestamp";
  return isTime ? dialect.instant(value) : dialect.quoteText(value);
}

/** SQL that is true for a row that keeps the rule, among those whose value is not null. */
function keeps(dialect: Dialect, { test, given, column, other }: RowRule): string {
  const value = presentValue(dialect, column);
  const parts = {
    value,
    other: other ? presentValue(dialect, other) : "NULL",
    literal: (written: string | number | boolean) => literal(dialect, written, column),
    matches: (pattern: string) => dialect.matches(value, pattern),
  };
  return rowKind(test).keeps(parts, given);
}

/** Which rows the rule is about. */
function considered(dialect: Dialect, rule: RowRule): string {
  if (rule.test === "not_null") return "true";
  const other = rule.other ? ` AND ${presentValue(dialect, rule.other)} IS NOT NULL` : "";
  return `${presentValue(dialect, rule.column)} IS NOT NULL${other}`;
}

function aggregatesOf(dialect: Dialect, rule: CheckRule, at: number): string | null {
  if (rule.scope === "type") return null;
  if (rule.scope === "aggregate") return `${measureOf(dialect, rule)} AS value_${at}`;
  const asked = `count(*) FILTER (WHERE ${considered(dialect, rule)}) AS asked_${at}`;
  if (rule.test === "unique") {
    const value = presentValue(dialect, rule.column);
    return `${asked}, count(${value}) - count(DISTINCT ${value}) AS failing_${at}`;
  }
  return `${asked}, count(*) FILTER (WHERE ${considered(dialect, rule)} AND NOT ${keeps(dialect, rule)}) AS failing_${at}`;
}

function measureOf(dialect: Dialect, { measure, column, q }: AggregateRule): string {
  if (measure === "rows" || !column) return "count(*)";
  const { sql, ofNumbers } = aggregateKinds[measure];
  const value = presentValue(dialect, column);
  return sql(ofNumbers ? dialect.double(value, column.kind) : value, dialect, q);
}

type Row = Readonly<Record<string, unknown>>;

async function resultOf(
  session: QuerySession,
  relation: string,
  rule: CheckRule,
  row: Row,
  at: number,
): Promise<CheckResult> {
  const about = { check: rule.label, severity: rule.severity };
  if (rule.scope === "type") return { ...about, passed: rule.passed, found: rule.found, failing_rows: null };
  if (rule.scope === "aggregate") return { ...about, ...judgeAggregate(rule, row[`value_${at}`]), failing_rows: null };
  const [asked, failing] = [Number(row[`asked_${at}`]), Number(row[`failing_${at}`])];
  // A share such as 0.55 of 100 is not exact in binary, so a rounding error must not fail a check.
  const passed = asked - failing >= rule.mostly * asked - asked * 1e-9;
  if (failing === 0) return { ...about, passed, found: `all ${countOf(asked, "row")}`, failing_rows: 0 };
  const example = await exampleOf(session, relation, rule);
  const found = `${formatCount(failing)} of ${countOf(asked, "row")}${example}`;
  return { ...about, passed, found, failing_rows: failing };
}

function judgeAggregate({ measure, bounds }: AggregateRule, value: unknown): { passed: boolean; found: string } {
  if (value === null) return { passed: false, found: "no values" };
  const number = Number(value);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds;
  return {
    passed: number >= min && number <= max,
    found: measure === "rows" ? countOf(number, "row") : numberText(number),
  };
}

async function exampleOf(session: QuerySession, relation: string, rule: RowRule): Promise<string> {
  if (rule.test === "not_null") return "";
  const { dialect } = session;
  const value = presentValue(dialect, rule.column);
  const other = rule.other ? dialect.text(presentValue(dialect, rule.other), rule.other.kind) : "NULL";
  const sql =
    rule.test === "unique"
      ? `SELECT ${dialect.text(value, rule.column.kind)} AS value, NULL AS other FROM ${relation} GROUP BY ${value} HAVING count(${value}) > 1 ORDER BY 1 LIMIT 1`
      : `SELECT ${dialect.text(value, rule.column.kind)} AS value, ${other} AS other FROM ${relation}
         WHERE ${considered(dialect, rule)} AND NOT ${keeps(dialect, rule)} ORDER BY ${value}, 2 LIMIT 1`;
  const found = await session.row(sql);
  const against = found.other === null ? "" : ` against ${shortened(found.other)}`;
  return `, e.g. ${shortened(found.value)}${against}`;
}

function shortened(value: unknown): string {
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
