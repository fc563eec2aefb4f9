import { UserError } from "../../errors/user-error.ts";
import type { RoleColumn } from "../columns.ts";
import { canonicalRow } from "./canonical-row.ts";
import type { Dialect } from "./dialect.ts";
import type { SplitPlan } from "./engine.ts";
import type { QuerySession } from "./session.ts";

/** SQL for a 64-bit hash by which rows are sampled: of the key, or of the whole row without one; another one than splits it. */
export function sampleHash(dialect: Dialect, columns: readonly RoleColumn[], { seed }: SplitPlan): string {
  const keys = columns.filter(({ role }) => role === "key");
  return dialect.firstHash(canonicalRow(dialect, keys.length > 0 ? keys : columns, `sample,${seed},`));
}

/** Shares of the range of a hash that are tried, as parts of the one that would be right on average: it, and what is surely less. */
const cautions = [...Array.from({ length: 17 }, (_, at) => -at / 2), Number.NEGATIVE_INFINITY];

/**
 * The largest of some bounds below which no more than `most` of `rows` train rows are, and how many are: a function of the rows
 * alone, the same on every engine. Usually a tenth of a percent less than `most`. Throws UserError when many rows have one hash.
 */
export async function sampleBound(
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
