import { quoteText } from "../../features/duckdb/quote.ts";

/** A column as a text, null where it is missing or empty. */
export function presentText(column: string): string {
  return `nullif(CAST(${column} AS VARCHAR), '')`;
}

/** SQL for the bucket of a text: a hash that is the same everywhere, so that both sides agree. */
function bucketOf(value: string, buckets: number): string {
  return `CAST(md5_number_lower(${value}) % ${buckets} AS INTEGER)`;
}

/** Aggregates of one scan that count categories, or buckets, named by `at`. */
export function categoryAggregates(
  value: string,
  categories: readonly string[],
  buckets: number | null,
  at: number,
): string[] {
  const listed = `histogram_exact(${value}, CAST([${categories.map(quoteText).join(", ")}] AS VARCHAR[]))`;
  const places = Array.from({ length: buckets ?? 0 }, (_, bucket) => bucket).join(", ");
  const hashed = `histogram_exact(${bucketOf(value, buckets ?? 1)}, [${places}])`;
  return [
    `count(${value}) AS present_${at}`,
    ...(categories.length > 0 ? [`${listed} AS listed_${at}`] : []),
    ...(buckets === null ? [] : [`${hashed} AS buckets_${at}`]),
  ];
}

interface Counted {
  present: number;
  /** In the order of the categories. */
  listed: number[];
  buckets: number[] | null;
}

/** Reads the aggregates of `at` back. */
export function readCategoryAggregates(
  row: Record<string, unknown>,
  categories: readonly string[],
  buckets: number | null,
  at: number,
): Counted {
  const present = Number(row[`present_${at}`] ?? 0);
  const places = buckets === null ? null : Array.from({ length: buckets }, (_, bucket) => bucket);
  return {
    present,
    listed: rowsOf(row[`listed_${at}`], categories),
    buckets: places && rowsOf(row[`buckets_${at}`], places),
  };
}

/** The engine sorts what it counts, adds what is not in the list, and gives nothing at all when there are no values. */
function rowsOf<Key>(histogram: unknown, keys: readonly Key[]): number[] {
  const entries = Array.isArray(histogram) ? (histogram as { key: Key; value: bigint }[]) : [];
  const rows = new Map(entries.map(({ key, value }) => [key, Number(value)]));
  return keys.map((key) => rows.get(key) ?? 0);
}
