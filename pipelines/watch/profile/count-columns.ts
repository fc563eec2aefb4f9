import type { Session } from "../../data/engines/session.ts";
import { quoteName } from "../../data/engines/tables.ts";
import { countCategories } from "./count-categories.ts";
import type { Distribution, NumericDistribution } from "./distribution.ts";
import { finiteNumber, isInfinite, numberAggregates, readNumberAggregates } from "./number-aggregates.ts";

/** A column to count: on which edges, or by which categories. Only these are read of the reference. */
export interface CountedColumn {
  /** Its name in the relation. */
  column: string;
  reference: Distribution;
}

interface NumberColumn {
  column: string;
  reference: NumericDistribution;
}

/** Counts columns of a relation of column files, reading each column once: the numbers together, each category by itself. */
export async function countColumns(
  session: Session,
  from: string,
  columns: readonly CountedColumn[],
): Promise<Distribution[]> {
  const numeric = columns.filter((each): each is NumberColumn => each.reference.kind === "numeric");
  const numbers = (await countNumbers(session, from, numeric)).values();
  const counted: Distribution[] = [];
  for (const { column, reference } of columns) {
    if (reference.kind === "numeric") counted.push(numbers.next().value!);
    else counted.push(await countCategories(session, from, column, reference));
  }
  return counted;
}

async function countNumbers(
  session: Session,
  from: string,
  columns: readonly NumberColumn[],
): Promise<NumericDistribution[]> {
  if (columns.length === 0) return [];
  const values = columns.map(({ column }, at) => numberValues(column, at));
  const aggregates = columns.map(({ reference }, at) => numberAggregates(reference, at).join(",\n"));
  const row = await session.row(
    `SELECT count(*) AS rows, ${aggregates.join(",\n")} FROM (SELECT ${values.join(", ")} FROM ${from})`,
  );
  return columns.map(({ reference }, at) => readNumberAggregates(row, reference, at));
}

/** What the aggregates of a column of numbers are of. */
export function numberValues(column: string, at: number): string {
  const name = quoteName(column);
  return `${finiteNumber(name)} AS value_${at}, ${isInfinite(name)} AS infinite_${at}`;
}
