import { isNumeric, type RoleColumn } from "../columns.ts";
import type { Dialect } from "./dialect.ts";
import type { LostPrecision } from "./engine.ts";
import type { QuerySession } from "./session.ts";

/** Share of a column's range that a step between 32-bit numbers may have: finer than any split of a tree. */
const finestStep = 1e-6;

/** Share of the different values that must be lost to be worth a word. */
const worthTelling = 0.01;

/** SQL aggregates for the finite range of a column, by its place. */
export function rangeAggregates(dialect: Dialect, { name, kind }: RoleColumn, at: number): string {
  const number = () => dialect.double(dialect.quoteName(name), kind);
  const end = (side: "min" | "max") =>
    isNumeric(kind) ? `${side}(${number()}) FILTER (WHERE ${dialect.isFinite(number())})` : "NULL";
  return `${end("min")} AS lowest_${at}, ${end("max")} AS highest_${at}`;
}

/**
 * What the column loses as 32-bit numbers; null when that is nothing that matters. Values are counted only where the steps
 * between such numbers are wide against the column's range, which costs nothing on most columns.
 */
export async function lostPrecision(
  session: QuerySession,
  relation: string,
  { name, kind, role }: RoleColumn,
  [lowest, highest]: [unknown, unknown],
): Promise<LostPrecision | null> {
  if (role !== "feature" || typeof lowest !== "number" || typeof highest !== "number") return null;
  const largest = Math.max(Math.abs(lowest), Math.abs(highest));
  const step = 2 ** (Math.floor(Math.log2(largest)) - 23);
  if (!(step > finestStep * (highest - lowest)) || highest === lowest || largest > 3.4e38) return null;
  const { dialect } = session;
  const column = dialect.quoteName(name);
  const number = dialect.double(column, kind);
  const row = await session.row(`SELECT count(DISTINCT ${column}) AS given,
    count(DISTINCT ${dialect.float(number)}) AS kept FROM ${relation} WHERE ${dialect.isFinite(number)}`);
  const [given, kept] = [Number(row.given), Number(row.kept)];
  return kept >= given * (1 - worthTelling) ? null : { given, kept, lowest, highest };
}
