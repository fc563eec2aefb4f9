import { join } from "node:path";
import { compareCodePoints } from "../../code-point-order.ts";
import type { RoleColumn } from "../../columns.ts";
import { splitBound } from "../../fingerprint.ts";
import type { SplitPlan, WrittenSplit, WrittenSplits } from "../engine.ts";
import { canonicalRow, digestAggregates, digestOf, rowHash } from "./canonical-row.ts";
import { storedValue } from "./duckdb-columns.ts";
import { quoteName, quoteText } from "./quote.ts";
import type { Session } from "./session.ts";

/** Where the two files go; the session must be allowed to write them. */
export function splitFiles(staging: string): { train: string; test: string } {
  return { train: join(staging, "train.parquet"), test: join(staging, "test.parquet") };
}

/** The names of our own columns beside the user's, which must not be among the user's. */
interface OwnNames {
  hash: string;
  test: string;
  cut: string;
  last: string;
}

const hashedTable = "mergeml_hashed";

/** Hashes and splits the rows of `relation`, and writes both sides ordered by hash. `release` frees what is then no longer needed. */
export async function writeSplits(
  session: Session,
  relation: string,
  staging: string,
  columns: readonly RoleColumn[],
  plan: SplitPlan,
  release: () => Promise<void>,
): Promise<WrittenSplits> {
  const own = ownNames(columns);
  await session.run(hashRows(relation, columns, plan, own));
  await release();
  const target = columns.find(({ role }) => role === "target");
  const sides = await digestSides(session, own, target);
  const files = splitFiles(staging);
  for (const [side, path] of [
    ["train", files.train],
    ["test", files.test],
  ] as const) {
    if (sides[side].rows > 0) await writeSide(session, columns, own, side, path);
  }
  return {
    train: { ...sides.train, path: sides.train.rows > 0 ? files.train : null },
    test: { ...sides.test, path: sides.test.rows > 0 ? files.test : null },
    classes: target && plan.task === "classification" ? await classesOf(session, target) : [],
    boundary: plan.by === "time" ? await boundaryOf(session, columns, own) : null,
  };
}

function ownNames(columns: readonly RoleColumn[]): OwnNames {
  const taken = columns.map(({ name }) => name.toLowerCase());
  const free = (name: string): string => (taken.includes(name) ? free(`${name}_`) : name);
  return {
    hash: free("mergeml_hash"),
    test: free("mergeml_test"),
    cut: free("mergeml_cut"),
    last: free("mergeml_last"),
  };
}

function hashRows(relation: string, columns: readonly RoleColumn[], plan: SplitPlan, own: OwnNames): string {
  const stored = columns.map((column) => storedValue(column, column.role !== "feature" && !measures(column, plan)));
  const time = columns.find(({ role }) => role === "time");
  const byTime = plan.by === "time" && time ? quoteName(time.name) : null;
  const from = byTime ? `${relation}, (${cutQuery(relation, byTime, plan, own)}) AS mergeml_cuts` : relation;
  const side = byTime ? laterThanCut(byTime, own) : belowBound(columns, plan);
  return `CREATE TEMP TABLE ${hashedTable} AS
    SELECT ${stored.join(", ")}, ${rowHash(columns)} AS ${own.hash}, ${side} AS ${own.test} FROM ${from}`;
}

function measures({ role }: RoleColumn, { task }: SplitPlan): boolean {
  return role === "target" && task === "regression";
}

function cutQuery(relation: string, time: string, { test }: SplitPlan, own: OwnNames): string {
  return `SELECT quantile_disc(${time}, ${1 - test}) AS ${own.cut}, max(${time}) AS ${own.last} FROM ${relation}`;
}

/** Rows of one time stay together. Test is what is later than the cut; if nothing is, the last time itself. */
function laterThanCut(time: string, { cut, last }: OwnNames): string {
  return `CASE WHEN ${cut} < ${last} THEN ${time} > ${cut} ELSE ${time} >= ${cut} END`;
}

function belowBound(columns: readonly RoleColumn[], { seed, test }: SplitPlan): string {
  const keys = columns.filter(({ role }) => role === "key");
  const hashed = keys.length > 0 ? keys : columns.filter(({ role }) => role === "feature" || role === "target");
  const bound = splitBound(test);
  const largest = 2n ** 64n - 1n;
  const text = canonicalRow(hashed, `${seed},`);
  return `md5_number_upper(${text}) < CAST(${bound > largest ? largest : bound} AS UBIGINT)`;
}

type Side = Omit<WrittenSplit, "path">;

async function digestSides(
  session: Session,
  { hash, test }: OwnNames,
  target?: RoleColumn,
): Promise<{ train: Side; test: Side }> {
  const name = target ? quoteName(target.name) : "NULL";
  const constant = `coalesce(min(${name}) = max(${name}), true) AS target_constant`;
  const rows = await session.rows(
    `SELECT ${test} AS side, ${digestAggregates(hash)}, ${constant} FROM ${hashedTable} GROUP BY ${test}`,
  );
  const side = (isTest: boolean): Side => {
    const row = rows.find((each) => each.side === isTest);
    return row ? { ...digestOf(row), constant: row.target_constant === true } : { rows: 0, sum: 0n, constant: true };
  };
  return { train: side(false), test: side(true) };
}

async function writeSide(
  session: Session,
  columns: readonly RoleColumn[],
  { hash, test }: OwnNames,
  side: "train" | "test",
  path: string,
): Promise<void> {
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  await session.run(`COPY (SELECT ${names} FROM ${hashedTable} WHERE ${side === "test" ? test : `NOT ${test}`} ORDER BY ${hash})
    TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`);
}

async function classesOf(session: Session, { name, kind }: RoleColumn): Promise<string[]> {
  const rows = await session.rows(
    `SELECT DISTINCT CAST(${quoteName(name)} AS VARCHAR) AS class FROM ${hashedTable} LIMIT 1001`,
  );
  const classes = rows.map((row) => String(row.class));
  if (kind !== "integer") return classes.sort(compareCodePoints);
  return classes.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

async function boundaryOf(
  session: Session,
  columns: readonly RoleColumn[],
  { test }: OwnNames,
): Promise<string | null> {
  const time = columns.find(({ role }) => role === "time");
  if (!time) return null;
  const { first } = await session.row(
    `SELECT CAST(min(${quoteName(time.name)}) AS VARCHAR) AS first FROM ${hashedTable} WHERE ${test}`,
  );
  return first === null ? null : String(first);
}
