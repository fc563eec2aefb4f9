import { UserError } from "../../../errors/user-error.ts";
import { countOf, formatCount, numberText } from "../../../statistics/format-number.ts";
import type { SourceColumn } from "../../columns.ts";
import type { CheckResult } from "../../dataset.ts";
import type { AggregateRule, CheckRule, RowRule } from "../../resolve-checks.ts";
import { engineError } from "./engine-error.ts";
import { quoteName, quoteText } from "./quote.ts";
import type { Session } from "./session.ts";

/** All rules in one scan of the relation; a failed row rule gets one more look for an example. Order is kept. */
export async function runChecks(
  session: Session,
  relation: string,
  rules: readonly CheckRule[],
): Promise<CheckResult[]> {
  await tryPatterns(session, rules);
  const selected = rules.map((rule, at) => aggregatesOf(rule, at)).filter((sql) => sql !== null);
  const row = await session.row(`SELECT ${["count(*) AS all_rows", ...selected].join(",\n")} FROM ${relation}`);
  const results: CheckResult[] = [];
  for (const [at, rule] of rules.entries()) results.push(await resultOf(session, relation, rule, row, at));
  return results;
}

/** A pattern that is none must not fail the scan of all the others. */
async function tryPatterns(session: Session, rules: readonly CheckRule[]): Promise<void> {
  for (const rule of rules) {
    if (rule.scope !== "row" || rule.test !== "matches") continue;
    try {
      await session.row(`SELECT regexp_full_match('', ${quoteText(rule.pattern)})`);
    } catch (error) {
      const reason = engineError(error)?.exception_message ?? "it is not understood";
      const hint = "patterns are RE2: no look-around and no back references";
      throw new UserError(
        { message: `the pattern of ${rule.label} is wrong: ${reason}`, hint, key: "features.checks" },
        { cause: error },
      );
    }
  }
}

/** The column's value, with NaN as null: a missing number is missing however it is spelt. */
function presentValue({ name, kind }: SourceColumn): string {
  const column = quoteName(name);
  return kind === "double" ? `CASE WHEN isnan(${column}) THEN NULL ELSE ${column} END` : column;
}

function literal(value: string | number | boolean, { kind }: SourceColumn): string {
  if (typeof value === "number") return kind === "double" ? `CAST('${value}' AS DOUBLE)` : String(value);
  if (typeof value === "boolean") return String(value);
  const isTime = kind === "date" || kind === "timestamp";
  return isTime ? `CAST(CAST(${quoteText(value)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)` : quoteText(value);
}

/** SQL that is true for a row that keeps the rule, among those whose value is not null. */
function keeps(rule: RowRule): string {
  const value = presentValue(rule.column);
  const compared = (other: string | number | boolean) => literal(other, rule.column);
  if (rule.test === "between") {
    const low = rule.low === null ? "true" : `${value} >= ${compared(rule.low)}`;
    return `(${low} AND ${rule.high === null ? "true" : `${value} <= ${compared(rule.high)}`})`;
  }
  if (rule.test === "in_set") return `${value} IN (${rule.values.map(compared).join(", ")})`;
  if (rule.test === "matches") return `regexp_full_match(${value}, ${quoteText(rule.pattern)})`;
  if (rule.test === "compare") return `${value} ${rule.op === "==" ? "=" : rule.op} ${presentValue(rule.other)}`;
  return `${value} IS NOT NULL`;
}

/** Which rows the rule is about. */
function considered(rule: RowRule): string {
  if (rule.test === "not_null") return "true";
  const other = rule.test === "compare" ? ` AND ${presentValue(rule.other)} IS NOT NULL` : "";
  return `${presentValue(rule.column)} IS NOT NULL${other}`;
}

function aggregatesOf(rule: CheckRule, at: number): string | null {
  if (rule.scope === "type") return null;
  if (rule.scope === "aggregate") return `${measureOf(rule)} AS value_${at}`;
  const asked = `count(*) FILTER (WHERE ${considered(rule)}) AS asked_${at}`;
  if (rule.test === "unique") {
    const value = presentValue(rule.column);
    return `${asked}, count(${value}) - count(DISTINCT ${value}) AS failing_${at}`;
  }
  return `${asked}, count(*) FILTER (WHERE ${considered(rule)} AND NOT ${keeps(rule)}) AS failing_${at}`;
}

function measureOf({ measure, column, q }: AggregateRule): string {
  if (measure === "rows" || !column) return "count(*)";
  const value = presentValue(column);
  if (measure === "distinct_count") return `count(DISTINCT ${value})`;
  const number = `CAST(${value} AS DOUBLE)`;
  if (measure === "quantile") return `quantile_cont(${number}, ${q})`;
  return `${measure === "mean" ? "avg" : measure}(${number})`;
}

type Row = Readonly<Record<string, unknown>>;

async function resultOf(
  session: Session,
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

async function exampleOf(session: Session, relation: string, rule: RowRule): Promise<string> {
  if (rule.test === "not_null") return "";
  const value = presentValue(rule.column);
  const other = rule.test === "compare" ? `CAST(${presentValue(rule.other)} AS VARCHAR)` : "NULL";
  const sql =
    rule.test === "unique"
      ? `SELECT CAST(min(${value}) AS VARCHAR) AS value, NULL AS other FROM ${relation} GROUP BY ${value} HAVING count(${value}) > 1 ORDER BY 1 LIMIT 1`
      : `SELECT CAST(${value} AS VARCHAR) AS value, ${other} AS other FROM ${relation}
         WHERE ${considered(rule)} AND NOT ${keeps(rule)} ORDER BY ${value}, 2 LIMIT 1`;
  const found = await session.row(sql);
  const against = found.other === null ? "" : ` against ${shortened(found.other)}`;
  return `, e.g. ${shortened(found.value)}${against}`;
}

function shortened(value: unknown): string {
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
