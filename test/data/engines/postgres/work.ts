import type { DataCheck } from "../../../../pipelines/config/model-config.ts";
import type { RoleColumn, SourceColumn } from "../../../../pipelines/data/columns.ts";
import type { ColumnFacts, QueryResult, SplitPlan, WrittenSplits } from "../../../../pipelines/data/engines/engine.ts";
import { queryResult } from "../../../../pipelines/data/engines/query-result.ts";
import type { Session } from "../../../../pipelines/data/engines/session.ts";
import { fingerprint, schemaType } from "../../../../pipelines/data/fingerprint.ts";
import { resolveChecks } from "../../../../pipelines/data/resolve-checks.ts";

/** The temporary table that both engines hold the same rows in. */
const table = "mergeml_result";

const doubles = ["1.5", "-0.0", "'NaN'", "'Infinity'", "1e15", "1.2345678901234568e15", "1e16", "1e-5", "NULL", "0.1"];
const texts = ["'a'", "NULL", "''", "'~'", "'1:é'", "'it''s'", "'über'", "'b'", "'b'", "'😀'"];

/** 20 rows with nulls, texts of several bytes, numbers on which engines disagree, and those that fall together as 32 bits. Statements both engines know. */
export function setUp(double: string): string[] {
  const rows = Array.from({ length: 20 }, (_, i) => {
    const at = `TIMESTAMP '2001-01-01 00:00:00' + INTERVAL '${i} hours'`;
    const fraction = i % 3 === 0 ? " + INTERVAL '250 milliseconds'" : "";
    const flag = i % 7 === 0 ? "CAST(NULL AS boolean)" : String(i % 2 === 0);
    const time = i === 11 ? "CAST(NULL AS timestamp)" : `${at}${fraction}`;
    return `(${[i, doubles[i % 10] === "NULL" ? `CAST(NULL AS ${double})` : `CAST(${doubles[i % 10]} AS ${double})`].join(", ")},
      ${texts[i % 10]}, ${flag}, ${time}, DATE '2001-01-01' + ${i}, CAST(${i} / 4.0 AS decimal(8, 2)), ${i % 4},
      ${1_000_000_000 + i})`;
  });
  return [`CREATE TEMP TABLE ${table} AS SELECT * FROM (VALUES ${rows.join(", ")}) AS t(k, f, s, b, "at", d, m, y, n)`];
}

const types: readonly [string, SourceColumn["kind"]][] = [
  ["k", "integer"],
  ["f", "double"],
  ["s", "text"],
  ["b", "boolean"],
  ["at", "timestamp"],
  ["d", "date"],
  ["m", "decimal"],
  ["y", "integer"],
  ["n", "integer"],
];

/** The columns as PostgreSQL calls them. */
export const postgresColumns: readonly SourceColumn[] = types.map(([name, kind]) => ({
  name,
  kind,
  scale: kind === "decimal" ? 2 : 0,
  type: kind === "double" ? "double precision" : kind,
}));

const rules: readonly Partial<DataCheck>[] = [
  { column: "s", not_null: true, unique: true, matches: "[a-z~]*" },
  { column: "f", between: [0, 1e15], min: { min: -1 }, quantile: { q: 0.5, min: 0, max: 2 } },
  {
    column: "k",
    between: [3, null],
    mean: { max: 9.5 },
    distinct_count: { min: 20 },
    compare: { column: "m", op: "<" },
  },
  { column: "at", between: ["2001-01-01T03:00:00+01:00", null] },
  { column: "b", in_set: [true], mean: { max: 1 } },
  { rows: { min: 20 } },
];

/** What the steps after a query say of the rows. */
export interface Findings {
  checks: unknown;
  /** The message of a check whose pattern is none. */
  wrongPattern: boolean;
  facts: ColumnFacts[];
  repeated: { rows: number; example: string };
  splits: WrittenSplits;
  fingerprints: string[];
}

/** Checks, looks through, splits and fingerprints the rows, as a training does. */
export async function findings(session: Session, plan: SplitPlan, staging: string): Promise<Findings> {
  const result = await queryResult(session, table, staging, []);
  const roles = result.columns.map((column): RoleColumn => ({ ...column, role: roleOf(column.name, plan) }));
  const checks = rules.map((rule) => ({ severity: "warn" as const, mostly: 1, ...rule }));
  const found = {
    checks: await result.check(resolveChecks(checks, result.columns, () => undefined)),
    wrongPattern: await refuses(result),
    facts: await result.facts(roles),
    repeated: await result.repeatedKeys(roles.filter(({ name }) => name === "y")),
  };
  const splits = await result.write(roles, plan);
  const schema = roles.map(({ name, kind, scale }) => ({ name, type: schemaType(kind, scale) }));
  return { ...found, splits, fingerprints: [splits.train, splits.test].map((side) => fingerprint(schema, side)) };
}

async function refuses(result: QueryResult): Promise<boolean> {
  const check = { column: "s", matches: "(", severity: "warn" as const, mostly: 1 };
  const rules = resolveChecks([check], result.columns, () => undefined);
  return result.check(rules).then(
    () => false,
    (error: unknown) => /the pattern of s matches .* is wrong/.test(String(error)),
  );
}

function roleOf(name: string, { by }: SplitPlan): RoleColumn["role"] {
  if (name === "y") return "target";
  if (name === "d" && by === "time") return "time";
  return name === "k" ? "key" : "feature";
}

/** Both ways to split. */
export const plans: readonly SplitPlan[] = [
  { by: "key", test: 0.3, seed: 7, task: "classification" },
  { by: "time", test: 0.25, seed: 7, task: "regression" },
];
