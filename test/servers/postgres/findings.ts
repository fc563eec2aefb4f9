import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { DataCheck } from "../../../pipelines/config/model-config.ts";
import { resolveChecks } from "../../../pipelines/data/aggregate-checks.ts";
import type { Engine, QueryResult, SplitPlan, WrittenSplit } from "../../../pipelines/data/engines/engine.ts";
import type { RoleColumn, SourceColumn } from "../../../pipelines/data/engines/session.ts";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import { fingerprint, schemaType } from "../../../pipelines/data/fingerprint.ts";
import { shopJob } from "./shop.ts";

/** How rows are split, and whether all else is asked of them too, which takes most of the time. */
export type FindingsPlan = SplitPlan & { everything: boolean };

/** What a training and a drift check take from an engine about the rows of a query, as plain data. */
export async function findingsOf(engine: Engine, query: string, plan: FindingsPlan, folder: string): Promise<unknown> {
  const staging = mkdtempSync(join(folder, "findings-"));
  const result = await engine.query(shopJob(staging, query));
  try {
    const roles = result.columns.map((column): RoleColumn => ({ ...column, role: roleOf(column, plan) }));
    const looks = plan.everything ? await looksOf(result, roles) : {};
    const { rows, columns } = result;
    const found = { ...looks, rows, columns: columns.map(({ name, kind, scale }) => ({ name, kind, scale })) };
    const splits = await result.write(roles, plan);
    const schema = roles.map(({ name, kind, scale }) => ({ name, type: schemaType(kind, scale) }));
    const side = async (written: WrittenSplit) => ({
      ...written,
      path: written.path === null ? null : await contents(written.path, null),
      fingerprint: fingerprint(schema, written),
    });
    return { ...found, ...splits, train: await side(splits.train), test: await side(splits.test) };
  } finally {
    await result.close();
  }
}

async function looksOf(result: QueryResult, roles: readonly RoleColumn[]): Promise<object> {
  const rules = resolveChecks(checksOf(result.columns), result.columns, () => undefined);
  return {
    checks: await result.check(rules),
    facts: await result.facts(roles),
    repeated: await repeated(result, roles),
    saved: await contents(await result.save(), "ALL"),
  };
}

function roleOf({ name, kind }: SourceColumn, { by }: SplitPlan): RoleColumn["role"] {
  if (name === "k") return by === "time" && kind === "timestamp" ? "time" : "key";
  return "feature";
}

function checksOf(columns: readonly SourceColumn[]): DataCheck[] {
  const all = columns.flatMap(({ name: column, kind }): Partial<DataCheck>[] => {
    const common = [
      { column, not_null: true },
      { column, unique: true },
      { column, distinct_count: { max: 5 } },
    ] as const;
    if (["integer", "decimal", "double"].includes(kind))
      return [...common, { column, between: [-1.5, 1e9] }, { column, min: { min: 0 } }, { column, max: { max: 9 } }];
    if (kind === "date" || kind === "timestamp")
      return [...common, { column, between: ["1900-01-01", "2000-01-01T12:00:00Z"] }];
    return kind === "text"
      ? [...common, { column, in_set: ["a", "~", "über"] }, { column, matches: "[a-z]*" }]
      : [...common];
  });
  return all.map((check) => ({ severity: "warn", mostly: 1, ...check }));
}

/** Of the last column, which need not be a key. */
async function repeated(result: QueryResult, roles: readonly RoleColumn[]): Promise<unknown> {
  const { rows, example } = await result.repeatedKeys(roles.slice(-1));
  return rows === 0 ? 0 : { rows, example };
}

/** The rows of a file as texts, in their order or sorted, and the types that it has. */
async function contents(file: string, order: "ALL" | null): Promise<unknown> {
  using session = await openSession({ readable: [join(file, "..")] });
  const from = `read_parquet(${quoteText(file)})`;
  const kinds = (await session.columns(`SELECT * FROM ${from}`)).map(({ name, kind, scale }) => ({
    name,
    kind,
    scale,
  }));
  const rows = await session.rows(
    `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ${from} ${order === null ? "" : `ORDER BY ${order}`}`,
  );
  return { kinds, rows };
}
