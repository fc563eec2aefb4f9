import { dirname, join } from "node:path";
import type { DatasetStore, Duplicates, FeatureData } from "./dataset-store.ts";
import type { Session } from "./engines/session.ts";
import { machineError, openSession, quoteName, quoteText } from "./engines/tables.ts";
import { readInto } from "./stored-columns.ts";

type Place = { store: DatasetStore; threads: number };
type Split = Pick<FeatureData, "train" | "test" | "features">;

/**
 * With so many train rows of the same features and target, a row is no copy of one of them: what they have in common is a rule,
 * which new rows will follow too.
 */
const manyEqual = 10;

/**
 * Test rows of a stored split that equal a train row in all features, those that copy one of few, target and all, and how
 * often the targets of few equal rows are equal, beyond chance. Rows are compared by 64 bits of a hash: among 10 million rows,
 * one in a million of such counts is wrong by a row.
 */
export function countDuplicates(place: Place, split: Split, target: string): Promise<Duplicates> {
  return withSides(place, split, target, async (session) => {
    const { rows, few, copies, agreeing } = await session.row(`
      SELECT count(*) AS rows, count(*) FILTER (equal < ${manyEqual}) AS few,
        count(*) FILTER (equal < ${manyEqual} AND same > 0) AS copies,
        coalesce(sum(CAST(round(1000000 * same / equal) AS BIGINT)) FILTER (equal < ${manyEqual}), 0) AS agreeing FROM matched`);
    const compared = Number(few);
    const agreement = compared === 0 ? 0 : beyondChance(Number(agreeing) / 1e6 / compared, await chance(session));
    return { rows: Number(rows), copies: Number(copies), agreement };
  });
}

/** Positions of the copies among the test rows, ascending. */
export function findCopies(place: Place, split: Split, target: string): Promise<Int32Array> {
  return withSides(place, split, target, async (session) => {
    const found = `(SELECT place FROM matched WHERE equal < ${manyEqual} AND same > 0)`;
    const { rows } = await session.row(`SELECT count(*) AS rows FROM ${found}`);
    const positions = new Int32Array(Number(rows));
    const sinks = [{ sql: "CAST(place AS INTEGER)", values: positions }];
    await readInto(session, `(FROM ${found} ORDER BY place)`, { ...split.test, rows: positions.length }, sinks);
    return positions;
  });
}

/** `matched` then has the test rows with a train row's features, and how many such train rows there are, in all and with the same target. */
async function withSides<T>(
  { store, threads }: Place,
  split: Split,
  target: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const [known, held] = [await store.path(split.train.fingerprint), await store.path(split.test.fingerprint)];
  const features = split.features.map(({ name }) => quoteName(name));
  await using staging = await store.staging();
  using session = await openSession({
    readable: [dirname(known), dirname(held)],
    spill: join(staging.path, "spill"),
    threads,
  });
  const hashes = (file: string, isTest: boolean) =>
    `SELECT hash(${features.join(", ")}) AS features, hash(${quoteName(target)}) AS target, ${isTest} AS test,
      file_row_number AS place FROM read_parquet(${quoteText(file)}, file_row_number = true)`;
  try {
    await session.run(`CREATE TEMP TABLE sides AS ${hashes(known, false)} UNION ALL ${hashes(held, true)}`);
    await session.run(`CREATE TEMP TABLE matched AS WITH known AS (
        SELECT features, target, count(*) AS times FROM sides
        WHERE NOT test AND features IN (SELECT features FROM sides WHERE test) GROUP BY ALL),
      counted AS (SELECT features, sum(times) AS times FROM known GROUP BY features)
      SELECT held.place, counted.times AS equal, coalesce(known.times, 0) AS same
      FROM sides AS held JOIN counted ON counted.features = held.features
      LEFT JOIN known ON known.features = held.features AND known.target = held.target WHERE held.test`);
    return await work(session);
  } catch (error) {
    throw machineError(error, "to look which test rows are equal to train rows") ?? error;
  }
}

/** How often a test row and a train row have the same target. */
async function chance(session: Session): Promise<number> {
  const { same, pairs } = await session.row(`
    WITH each_target AS (
      SELECT count(*) FILTER (test) AS held, count(*) FILTER (NOT test) AS known FROM sides GROUP BY target)
    SELECT CAST(sum(CAST(held AS HUGEINT) * known) AS DOUBLE) AS same,
      CAST(sum(held) AS DOUBLE) * CAST(sum(known) AS DOUBLE) AS pairs FROM each_target`);
  return Number(same) / Number(pairs);
}

/** 0 where equal features tell nothing of the target, 1 where they always come with the same one (Cohen's kappa). */
function beyondChance(agreeing: number, byChance: number): number {
  return byChance >= 1 ? 0 : Number(((agreeing - byChance) / (1 - byChance)).toFixed(6));
}
