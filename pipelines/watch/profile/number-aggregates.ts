import type { NumericDistribution } from "./distribution.ts";

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

/** What is counted of a reference's column: `equal` is null when it is not worth telling what equals an edge. */
type Counting = Pick<NumericDistribution, "name" | "edges" | "equal">;

/** Aggregates of one scan that count the finite numbers `value_<at>` on a reference's edges. */
export function numberAggregates({ edges, equal }: Counting, at: number): string[] {
  const value = `value_${at}`;
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0].map((edge) => `CAST('${edge}' AS DOUBLE)`);
  return [
    `count(*) FILTER (WHERE infinite_${at}) AS infinite_${at}`,
    `count(${value}) AS present_${at}`,
    `avg(${value}) AS mean_${at}`,
    `stddev_pop(${value}) AS deviation_${at}`,
    `min(${value}) AS min_${at}`,
    `max(${value}) AS max_${at}`,
    `sum(${first} - ${value}) FILTER (WHERE ${value} < ${first}) AS below_${at}`,
    `sum(${value} - ${last}) FILTER (WHERE ${value} > ${last}) AS above_${at}`,
    `map_values(histogram(${value}, ${numberList(equal ? withPredecessors(edges) : edges)})) AS bins_${at}`,
  ];
}

/** As a text to be cast: the parser takes long over thousands of literals, and a cast loses no digit. */
function numberList(values: readonly number[]): string {
  return `CAST('[${values.join(",")}]' AS DOUBLE[])`;
}

/** Every edge and the number just below it: a bin between the two holds what equals the edge. */
function withPredecessors(edges: readonly number[]): number[] {
  return edges.flatMap((edge, at) => (touches(edges, at) ? [edge] : [predecessor(edge), edge]));
}

/** Whether no number lies between an edge and the one before it. */
function touches(edges: readonly number[], at: number): boolean {
  return at > 0 && edges[at - 1] === predecessor(edges[at]!);
}

/** One number, and its bits: shared, because a wide table asks for a hundred thousand of them. */
const number64 = new Float64Array(1);
const bits64 = new BigInt64Array(number64.buffer);

/** The largest 64-bit number below a finite one. */
function predecessor(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  number64[0] = value;
  bits64[0]! += value > 0 ? -1n : 1n;
  return number64[0];
}

/** Reads the aggregates of `at` back. */
export function readNumberAggregates(
  row: Record<string, unknown>,
  { name, edges, equal }: Counting,
  at: number,
): NumericDistribution {
  const number = (aggregate: string) => (row[`${aggregate}_${at}`] == null ? null : Number(row[`${aggregate}_${at}`]));
  const [rows, present, infinite] = [Number(row.rows), number("present") ?? 0, number("infinite") ?? 0];
  return {
    name,
    kind: "numeric",
    rows,
    missing: rows - present - infinite,
    infinite,
    mean: number("mean"),
    deviation: number("deviation"),
    min: number("min"),
    max: number("max"),
    edges,
    ...readBins(row[`bins_${at}`], edges, equal !== null, present),
    below: number("below") ?? 0,
    above: number("above") ?? 0,
    exact: false,
  };
}

/** Bins between the bounds, ascending. There are none without values, and one above all bounds only when it holds something. */
function readBins(
  bins: unknown,
  edges: readonly number[],
  withEqual: boolean,
  present: number,
): Pick<NumericDistribution, "counts" | "equal"> {
  const rows = (Array.isArray(bins) ? bins.map(Number) : []).values();
  const next = () => rows.next().value ?? 0;
  const counts: number[] = [];
  const equal: number[] = [];
  for (const at of edges.keys()) {
    const between = withEqual && touches(edges, at) ? 0 : next();
    const same = withEqual ? next() : 0;
    counts.push(between + same);
    equal.push(same);
  }
  const within = counts.reduce((sum, count) => sum + count, 0);
  return { counts: [...counts, present - within], equal: withEqual ? equal : null };
}
