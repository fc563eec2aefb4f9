import { machineError, openSession, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { NumericDistribution } from "../profile/distribution.ts";
import type { Profile } from "../profile/profile.ts";
import type { DriftWindow } from "../window/drift-window.ts";

/** Predictions of a window, and those of them that are outside of the reference range. */
export interface Outside {
  rows: number;
  outside: number;
}

/**
 * A prediction is outside when it is NaN, infinite, or beyond the least and the greatest prediction on the test split; of
 * classes, when one of the probabilities is. Without drift a share of 2 ÷ (test rows + 1) of a regression's predictions is
 * outside, as any of the rows is equally likely to be the extreme one. Rows without a prediction do not count.
 */
export async function countOutside(
  { predictions }: Pick<Profile, "predictions">,
  { file, columns, rows }: Pick<DriftWindow, "file" | "columns" | "rows">,
): Promise<Outside | { reason: string }> {
  if (rows === 0) return { rows: 0, outside: 0 };
  const ranges = predictions.filter((column) => column.kind === "numeric");
  if (ranges.length === 0) return { reason: "the version's profile has no predictions of the test split" };
  const absent = ranges.filter(({ name }) => !columns.predictions.includes(name)).map(({ name }) => name);
  if (absent.length > 0) return { reason: `the rows have no ${absent.join(", ")}` };
  const endless = ranges.filter(({ min, max }) => min === null || max === null).map(({ name }) => name);
  if (endless.length > 0) return { reason: `no ${endless.join(", ")} on the test split was a finite number` };
  const isThere = ranges.map(({ name }) => `${quoteName(name)} IS NOT NULL`).join(" OR ");
  const isOutside = ranges.map(beyond).join(" OR ");
  using session = await openSession({ readable: [], writable: [file] });
  try {
    const found = await session.row(
      `SELECT count(*) FILTER (${isThere}) AS rows, count(*) FILTER (${isOutside}) AS outside FROM read_parquet(${quoteText(file)})`,
    );
    return { rows: Number(found.rows), outside: Number(found.outside) };
  } catch (error) {
    throw machineError(error, `to read the window's rows in ${file}`) ?? error;
  }
}

/** Another server's prediction of the same row may differ in the last digits of 32 bits; a null makes it no true condition. */
const rounding = 1e-6;

function beyond({ name, min, max }: NumericDistribution): string {
  const [low, high] = [min ?? 0, max ?? 0];
  const slack = rounding * Math.max(Math.abs(low), Math.abs(high));
  const value = `CAST(${quoteName(name)} AS DOUBLE)`;
  return `(NOT isfinite(${value}) OR ${value} < ${low - slack} OR ${value} > ${high + slack})`;
}
