import type { NumericDistribution } from "../distribution.ts";

/** Beyond it a 32-bit number, which the model gets, is infinite. */
const largestFloat = "340282346638528859811704183484516925440.0";

/** A column as a 64-bit number, null where it is missing, NaN or infinite. */
export function finiteNumber(column: string): string {
  const number = `CAST(${column} AS DOUBLE)`;
  return `CASE WHEN abs(${number}) <= ${largestFloat} THEN ${number} END`;
}

/** Rows whose value the model would get as an infinite one. NaN is greater than all numbers to the engine. */
export function isInfinite(column: string): string {
  const number = `CAST(${column} AS DOUBLE)`;
  return `abs(${number}) > ${largestFloat} AND NOT isnan(${number})`;
}

/** Aggregates of one scan that count finite numbers on edges, named by `at`. */
export function numberAggregates(value: string, edges: readonly number[], at: number): string[] {
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0];
  return [
    `count(${value}) AS present_${at}`,
    `avg(${value}) AS mean_${at}`,
    `stddev_pop(${value}) AS deviation_${at}`,
    `min(${value}) AS min_${at}`,
    `max(${value}) AS max_${at}`,
    `sum(greatest(${numberText(first)} - ${value}, 0)) AS below_${at}`,
    `sum(greatest(${value} - ${numberText(last)}, 0)) AS above_${at}`,
    `map_values(histogram(${value}, ${numberList(boundsOf(edges))})) AS bins_${at}`,
  ];
}

/** As texts to be cast: the parser takes long over thousands of literals, and a cast loses no digit. */
function numberText(value: number): string {
  return `CAST('${value}' AS DOUBLE)`;
}

function numberList(values: readonly number[]): string {
  return `CAST('[${values.join(",")}]' AS DOUBLE[])`;
}

/** Every edge and the number just below it: a bin between the two holds what equals the edge. */
function boundsOf(edges: readonly number[]): number[] {
  return edges.flatMap((edge, at) => {
    const before = numberBelow(edge);
    return at > 0 && edges[at - 1] === before ? [edge] : [before, edge];
  });
}

/** The largest 64-bit number below a finite one. */
function numberBelow(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  if (value === 0) return -Number.MIN_VALUE;
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

type Counted = Pick<
  NumericDistribution,
  "mean" | "deviation" | "min" | "max" | "counts" | "equal" | "below" | "above"
> & { present: number };

/** Reads the aggregates of `at` back. */
export function readNumberAggregates(row: Record<string, unknown>, edges: readonly number[], at: number): Counted {
  const number = (name: string) => (row[`${name}_${at}`] == null ? null : Number(row[`${name}_${at}`]));
  const present = number("present") ?? 0;
  const moments = { mean: number("mean"), deviation: number("deviation"), min: number("min"), max: number("max") };
  const outer = { below: number("below") ?? 0, above: number("above") ?? 0 };
  return { present, ...moments, ...outer, ...readBins(row[`bins_${at}`], edges, present) };
}

/** Bins between the bounds; the last, above all bounds, is only there when it holds something. */
function readBins(bins: unknown, edges: readonly number[], present: number): Pick<Counted, "counts" | "equal"> {
  const rows = Array.isArray(bins) ? bins.map(Number) : [];
  const counts: number[] = [];
  const equal: number[] = [];
  let place = 0;
  for (const [at, edge] of edges.entries()) {
    const between = at > 0 && edges[at - 1] === numberBelow(edge) ? 0 : (rows[place++] ?? 0);
    const same = rows[place++] ?? 0;
    counts.push(between + same);
    equal.push(same);
  }
  const within = counts.reduce((sum, count) => sum + count, 0);
  return { counts: [...counts, present - within], equal };
}
