import { join } from "node:path";
import type { Task } from "../../config/model-config.ts";
import { UserError } from "../../errors/expected-error.ts";
import { compareCodePoints } from "../code-point-order.ts";
import { splitBound } from "../fingerprint.ts";
import { canonicalRow, digestAggregates, digestOf, rowHash } from "./canonical-row.ts";
import type { SplitPlan, WrittenSplit, WrittenSplits } from "./engine.ts";
import { type Dialect, isNumeric, type QuerySession, type RoleColumn } from "./session.ts";

/** Where the two files go; the session must be allowed to write them. */
export function splitFiles(staging: string): { train: string; test: string } {
  return { train: join(staging, "train.parquet"), test: join(staging, "test.parquet") };
}

/** The names of our own columns beside the user's, which must not be among the user's. */
interface OwnNames {
  hash: string;
  test: string;
  sample: string;
  cut: string;
  last: string;
}

/** Hashes and splits the rows of `relation`, and writes both sides ordered by hash. `release` frees what is then no longer needed. */
export async function writeSplits(
  session: QuerySession,
  relation: string,
  staging: string,
  columns: readonly RoleColumn[],
  plan: SplitPlan,
  release: () => Promise<void>,
): Promise<WrittenSplits> {
  const own = ownNames(columns);
  const hashed = await session.keep("mergeml_hashed", hashRows(session.dialect, relation, columns, plan, own));
  await release();
  const target = columns.find(({ role }) => role === "target");
  const whole = await digestSides(session, hashed, own, target);
  const sides = await sampled(session, hashed, own, plan, whole, target);
  const files = splitFiles(staging);
  for (const [side, path] of [
    ["train", files.train],
    ["test", files.test],
  ] as const) {
    if (sides[side].rows > 0) await writeSide(session, hashed, columns, own, sides[side].where, path);
  }
  const from = `${hashed} WHERE ${whole.train.where}`;
  const url = plan.stage ? await session.stage?.(stagedRows(session.dialect, columns, plan.task, from)) : undefined;
  return {
    ...(url !== undefined && { staged: { url, rows: whole.train.rows } }),
    train: written(sides.train, files.train),
    test: written(sides.test, files.test),
    classes: target && plan.task === "classification" ? await classesOf(session, hashed, target) : [],
    boundary: plan.by === "time" ? await boundaryOf(session, hashed, columns, own) : null,
  };
}

function ownNames(columns: readonly RoleColumn[]): OwnNames {
  const taken = columns.map(({ name }) => name.toLowerCase());
  const free = (name: string): string => (taken.includes(name) ? free(`${name}_`) : name);
  return {
    hash: free("mergeml_hash"),
    test: free("mergeml_test"),
    sample: free("mergeml_sample"),
    cut: free("mergeml_cut"),
    last: free("mergeml_last"),
  };
}

function hashRows(
  dialect: Dialect,
  relation: string,
  columns: readonly RoleColumn[],
  plan: SplitPlan,
  own: OwnNames,
): string {
  const stored = columns.map((column) =>
    dialect.storedValue(column, column.role !== "feature" && !measures(column, plan)),
  );
  const time = columns.find(({ role }) => role === "time");
  const byTime = plan.by === "time" && time ? dialect.quoteName(time.name) : null;
  const from = byTime ? `${relation}, (${cutQuery(dialect, relation, byTime, plan, own)}) AS mergeml_cuts` : relation;
  const side = byTime ? laterThanCut(byTime, own) : belowBound(dialect, columns, plan);
  const sample = plan.max_rows === undefined ? "" : `, ${sampleHash(dialect, columns, plan)} AS ${own.sample}`;
  return `SELECT ${stored.join(", ")}, ${rowHash(dialect, columns)} AS ${own.hash}, ${side} AS ${own.test}${sample} FROM ${from}`;
}

function measures({ role }: RoleColumn, { task }: SplitPlan): boolean {
  return role === "target" && task === "regression";
}

function cutQuery(dialect: Dialect, relation: string, time: string, { test }: SplitPlan, own: OwnNames): string {
  return `SELECT ${dialect.quantileOf(time, 1 - test)} AS ${own.cut}, max(${time}) AS ${own.last} FROM ${relation}`;
}

/** Rows of one time stay together. Test is what is later than the cut; if nothing is, the last time itself. */
function laterThanCut(time: string, { cut, last }: OwnNames): string {
  return `CASE WHEN ${cut} < ${last} THEN ${time} > ${cut} ELSE ${time} >= ${cut} END`;
}

function belowBound(dialect: Dialect, columns: readonly RoleColumn[], { seed, test, group }: SplitPlan): string {
  const keys = columns.filter(({ name, role }) => (group === undefined ? role === "key" : name === group));
  const hashed = keys.length > 0 ? keys : columns.filter(({ role }) => role === "feature" || role === "target");
  const text = canonicalRow(dialect, hashed, `${seed},`);
  return `${dialect.firstHash(text)} < ${dialect.unsigned(splitBound(test))}`;
}

/** One side of the split, and SQL that is true for its rows. */
type Side = Omit<WrittenSplit, "path"> & { where: string };

type Sides = Record<"train" | "test", Side>;

function written({ where: _, ...side }: Side, path: string): WrittenSplit {
  return { ...side, path: side.rows > 0 ? path : null };
}

/** Both sides, of the train side a sample when it has more rows than are to be trained on. */
async function sampled(
  session: QuerySession,
  hashed: string,
  own: OwnNames,
  { max_rows }: SplitPlan,
  { train, test }: Sides,
  target?: RoleColumn,
): Promise<Sides> {
  if (max_rows === undefined || train.rows <= max_rows) return { train, test };
  const rows = `(SELECT * FROM ${hashed} WHERE ${train.where}) AS mergeml_train`;
  const bound = await sampleBound(session, { from: rows, hash: own.sample }, { rows: train.rows, most: max_rows });
  const below = `${own.sample} < ${session.dialect.unsigned(bound)}`;
  const sides = await digestSides(
    session,
    `(SELECT * FROM ${hashed} WHERE ${below}) AS mergeml_sample_rows`,
    own,
    target,
  );
  const { rows: all, sum } = train;
  return { train: { ...sides.train, where: `${train.where} AND ${below}`, sampleOf: { rows: all, sum } }, test };
}

async function digestSides(
  session: QuerySession,
  hashed: string,
  { hash, test }: OwnNames,
  target?: RoleColumn,
): Promise<Sides> {
  const { dialect } = session;
  const equal = target ? dialect.allEqual(dialect.quoteName(target.name), target.kind) : "NULL";
  const constant = `coalesce(${equal}, true) AS target_constant`;
  const rows = await session.rows(
    `SELECT ${test} AS side, ${digestAggregates(dialect, hash)}, ${constant} FROM ${hashed} GROUP BY ${test}`,
  );
  const side = (isTest: boolean): Side => {
    const row = rows.find((each) => each.side === isTest);
    const where = isTest ? test : `NOT ${test}`;
    const digest = row ? digestOf(row) : { rows: 0, sum: 0n };
    return { ...digest, constant: row ? row.target_constant === true : true, where };
  };
  return { train: side(false), test: side(true) };
}

async function writeSide(
  session: QuerySession,
  hashed: string,
  columns: readonly RoleColumn[],
  { hash }: OwnNames,
  where: string,
  path: string,
): Promise<void> {
  const names = columns.map(({ name }) => session.dialect.quoteName(name)).join(", ");
  await session.save(`SELECT ${names} FROM ${hashed} WHERE ${where} ORDER BY ${hash}`, path, "zstd");
}

async function classesOf(session: QuerySession, hashed: string, { name, kind }: RoleColumn): Promise<string[]> {
  const text = session.dialect.text(session.dialect.quoteName(name), kind);
  const rows = await session.rows(`SELECT DISTINCT ${text} AS class FROM ${hashed} LIMIT 1001`);
  const classes = rows.map((row) => String(row.class));
  if (kind !== "integer") return classes.sort(compareCodePoints);
  return classes.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

async function boundaryOf(
  session: QuerySession,
  hashed: string,
  columns: readonly RoleColumn[],
  { test }: OwnNames,
): Promise<string | null> {
  const time = columns.find(({ role }) => role === "time");
  if (!time) return null;
  const earliest = session.dialect.text(`min(${session.dialect.quoteName(time.name)})`, time.kind);
  const { first } = await session.row(`SELECT ${earliest} AS first FROM ${hashed} WHERE ${test}`);
  return first === null ? null : String(first);
}

/** SQL for a 64-bit hash by which rows are sampled: of the key, or of the whole row without one; another one than splits it. */
function sampleHash(dialect: Dialect, columns: readonly RoleColumn[], { seed }: SplitPlan): string {
  const keys = columns.filter(({ role }) => role === "key");
  return dialect.firstHash(canonicalRow(dialect, keys.length > 0 ? keys : columns, `sample,${seed},`));
}

/** Shares of the range of a hash that are tried, as parts of the one that would be right on average: it, and what is surely less. */
const cautions = [...Array.from({ length: 17 }, (_, at) => -at / 2), Number.NEGATIVE_INFINITY];

/**
 * The largest of some bounds below which no more than `most` of `rows` train rows are, and how many are: a function of the rows
 * alone, the same on every engine. Usually a tenth of a percent less than `most`. Throws UserError when many rows have one hash.
 */
async function sampleBound(
  session: QuerySession,
  { from, hash }: { from: string; hash: string },
  { rows, most }: { rows: number; most: number },
): Promise<bigint> {
  const share = most / rows;
  const spread = Math.sqrt((share * (1 - share)) / rows);
  const shares = cautions
    .map((steps) => (Number.isFinite(steps) ? share + steps * spread : share / 2))
    .filter((each) => each > 0);
  const bounds = [...new Set(shares.map((each) => BigInt(Math.floor(each * 2 ** 64))))];
  const counts = bounds.map(
    (bound, at) => `count(*) FILTER (WHERE ${hash} < ${session.dialect.unsigned(bound)}) AS below_${at}`,
  );
  const found = await session.row(`SELECT ${counts.join(", ")} FROM ${from}`);
  const fitting = bounds.filter((_, at) => Number(found[`below_${at}`]) <= most && Number(found[`below_${at}`]) > 0);
  const largest = fitting.reduce<bigint | null>((best, bound) => (best === null || bound > best ? bound : best), null);
  if (largest !== null) return largest;
  throw new UserError({
    message: `no sample of at most ${most} rows can be taken: too many rows are equal`,
    hint: "name the column that tells rows apart in features.key, or raise resources.max_rows",
    key: "resources.max_rows",
  });
}

/** A query for the rows that a program on a cluster trains on: features and target alone, as one here gets them. */
function stagedRows(dialect: Dialect, columns: readonly RoleColumn[], task: Task, from: string): string {
  const given = columns.filter(({ role }) => role === "feature" || role === "target");
  return `SELECT ${given.map((column) => stagedColumn(dialect, column, task)).join(", ")} FROM ${from}`;
}

/**
 * SQL for a stored column as a program gets it: features as 32-bit numbers with null where one is missing, or texts that are
 * empty where one is; a target as a 64-bit number, or as the class's text.
 */
function stagedColumn(dialect: Dialect, { name, kind, role }: RoleColumn, task: Task): string {
  const column = dialect.quoteName(name);
  const isClass = role === "target" && task === "classification";
  if (isClass || !(isNumeric(kind) || kind === "boolean"))
    return `coalesce(${dialect.text(column, kind)}, '') AS ${column}`;
  const number = dialect.double(column, kind);
  const value = role === "target" ? number : dialect.float(number);
  return `CASE WHEN ${dialect.isNaN(number)} THEN NULL ELSE ${value} END AS ${column}`;
}
