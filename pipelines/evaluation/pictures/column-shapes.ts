import type { DatasetRef, DatasetStore } from "../../data/dataset-store.ts";
import type { Session } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { withDataset } from "../../data/stored-columns.ts";
import { type Axis, axisOver, type ColumnShape, type ColumnSide, seriesOf } from "./pictures.ts";

const bins = 20;
const mostLabels = 12;
/** Longer texts are among the others. */
const longestLabel = 200;

/** A column to look at. */
export interface ShapedColumn {
  name: string;
  role: ColumnShape["role"];
  isNumber: boolean;
}

/** Train split beside test split, column by column, counted in the engine. null when the store no longer has one of them. */
export async function columnShapes(
  store: DatasetStore,
  { train, test }: { train: DatasetRef; test: DatasetRef },
  columns: readonly ShapedColumn[],
): Promise<ColumnShape[] | null> {
  for (const { fingerprint } of [train, test]) if (!(await store.has(fingerprint))) return null;
  const counted = await withDataset(store, train, (session, from) => countAll(session, from, columns));
  const beside = await withDataset(store, test, (session, from) => countAll(session, from, columns, counted));
  return columns.map(({ name, role }, at) => {
    const { side, axis, labels } = counted[at]!;
    return { name, role, ...(axis ? { axis } : { labels: labels ?? [] }), train: side, test: beside[at]!.side };
  });
}

/** Where a column's values are told apart. */
interface Cut {
  axis?: Axis;
  labels?: string[];
}

interface Counted extends Cut {
  side: ColumnSide;
}

/** One pass over all columns: on their own axes and categories, or on those of `like`. */
async function countAll(
  session: Session,
  from: string,
  columns: readonly ShapedColumn[],
  like?: readonly Cut[],
): Promise<Counted[]> {
  const cuts = like ?? (await cutsOf(session, from, columns));
  if (columns.length === 0) return [];
  const asked = columns.map((column, at) => countsSql(column, cuts[at]!, at));
  const row = await session.row(`SELECT count(*) AS rows, ${asked.join(", ")} FROM ${from}`);
  return columns.map(({ isNumber }, at) => {
    const keys = (row[`keys_${at}`] as unknown[] | null) ?? [];
    const found = (row[`counts_${at}`] as unknown[] | null) ?? [];
    const counts = new Float64Array(isNumber ? bins : (cuts[at]!.labels?.length ?? 0) + 1);
    for (const [place, key] of keys.entries()) counts[Number(key)] = Number(found[place]);
    const side = { rows: Number(row.rows), missing: Number(row[`missing_${at}`]) };
    const span = {
      min: numberOf(row[`min_${at}`]),
      median: numberOf(row[`median_${at}`]),
      max: numberOf(row[`max_${at}`]),
    };
    return { ...cuts[at]!, side: { ...side, ...(isNumber && span), counts: seriesOf(counts) } };
  });
}

function countsSql(column: ShapedColumn, { axis, labels }: Cut, at: number): string {
  const value = presentValue(column);
  if (!axis)
    return `${histogram(`CASE WHEN ${value} IS NULL THEN NULL ${places(value, labels ?? [])} END`, at)}, count(*) - count(${value}) AS missing_${at}`;
  const place = `least(greatest(floor((${value} - ${axis.from}) / ${axis.to - axis.from} * ${axis.bins}), 0), ${axis.bins - 1})`;
  return `${histogram(`CAST(${place} AS INTEGER)`, at)}, count(*) - count(${value}) AS missing_${at},
    min(${value}) AS min_${at}, quantile_disc(${value}, 0.5) AS median_${at}, max(${value}) AS max_${at}`;
}

function histogram(place: string, at: number): string {
  return `map_keys(histogram(${place})) AS keys_${at}, map_values(histogram(${place})) AS counts_${at}`;
}

function places(value: string, labels: readonly string[]): string {
  return `${labels.map((label, at) => `WHEN ${value} = ${quoteText(label)} THEN ${at}`).join(" ")} ELSE ${labels.length}`;
}

/** Missing, NaN and infinite numbers are null, and so is the empty text. */
function presentValue({ name, isNumber }: ShapedColumn): string {
  const column = quoteName(name);
  if (!isNumber) return `nullif(CAST(${column} AS VARCHAR), '')`;
  const number = `CAST(${column} AS DOUBLE)`;
  return `(CASE WHEN isfinite(${number}) THEN ${number} END)`;
}

/** Axes from quantiles of numbers, and the most frequent texts. */
async function cutsOf(session: Session, from: string, columns: readonly ShapedColumn[]): Promise<Cut[]> {
  const numbers = columns.filter(({ isNumber }) => isNumber);
  const asked = numbers.map((column, at) => `quantile_disc(${presentValue(column)}, [0.005, 0.995]) AS ends_${at}`);
  const row = asked.length > 0 ? await session.row(`SELECT ${asked.join(", ")} FROM ${from}`) : {};
  const cuts: Cut[] = [];
  for (const column of columns) {
    if (!column.isNumber) cuts.push({ labels: await frequent(session, from, column) });
    else cuts.push({ axis: axisOver(Float64Array.from(ends(row[`ends_${numbers.indexOf(column)}`])), bins) });
  }
  return cuts;
}

function ends(found: unknown): number[] {
  return Array.isArray(found) ? found.map(Number).filter(Number.isFinite) : [];
}

async function frequent(session: Session, from: string, column: ShapedColumn): Promise<string[]> {
  const value = presentValue(column);
  const rows = await session.rows(
    `SELECT ${value} AS value, count(*) AS rows FROM ${from} WHERE length(${value}) <= ${longestLabel} GROUP BY ALL ORDER BY rows DESC, value LIMIT ${mostLabels}`,
  );
  return rows.map((each) => String(each.value));
}

function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
