import { type ColumnKind, isNumeric, type Session, type SourceColumn } from "../../data/engines/session.ts";
import { machineError, openSession, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { FeatureSpec } from "../../data/table.ts";
import { reservedColumns } from "../../predictions/log-layout.ts";
import { countColumns } from "./count-columns.ts";
import type { CurrentWindow, Distribution, WindowColumn } from "./distribution.ts";
import type { Profile } from "./profile.ts";

export interface SummariseOptions {
  /** The window's rows: Parquet files whose columns are the features and the predictions. None is an empty window. */
  files: readonly string[];
  threads: number;
  memory_gb: number;
  /** Columns that are no surprise although the model does not know them, such as key and time. */
  expected: readonly string[];
  /** Features whose values nobody may know: that they are not there is no surprise either. */
  redacted?: readonly string[];
}

const rowsView = "mergeml_window";

/** Counts a window on the profile's edges and categories, in one scan of its files. Throws EnvironmentError for files that cannot be read. */
export async function summarise(profile: Profile, options: SummariseOptions): Promise<CurrentWindow> {
  const { files, threads, memory_gb } = options;
  if (files.length === 0) return emptyWindow(profile);
  using session = await openSession({ readable: [], writable: files, threads, memory_gb });
  try {
    const names = files.map(quoteText).join(", ");
    await session.run(
      `CREATE TEMP VIEW ${rowsView} AS SELECT * FROM read_parquet([${names}], union_by_name => true, hive_partitioning => false)`,
    );
    return await countWindow(session, profile, options);
  } catch (error) {
    throw machineError(error, `to read the window's rows in ${files[0]}`) ?? error;
  }
}

interface Wanted {
  reference: Distribution;
  kind: FeatureSpec["kind"];
}

async function countWindow(session: Session, profile: Profile, options: SummariseOptions): Promise<CurrentWindow> {
  const wanted: Wanted[] = [
    ...profile.features.map(({ kind, distribution }) => ({ kind, reference: distribution })),
    ...profile.predictions.map((reference) => ({ reference, kind: kindOf(reference) })),
  ];
  const found = await session.columns(rowsView);
  const columns = wanted.map((each) => found.find(({ name }) => name === each.reference.name));
  const fits = wanted.map(({ kind }, at) => columns[at] !== undefined && holds(kind, columns[at].kind));
  const counted = wanted.filter((_, at) => fits[at]).map(({ reference }) => ({ column: reference.name, reference }));
  const distributions = (await countColumns(session, rowsView, counted)).values();
  const odd = columns.filter((column, at) => column !== undefined && !fits[at]).map((column) => column!.name);
  const { rows, values } = await countValues(session, odd);
  const all = wanted.map(({ reference }, at): WindowColumn => {
    const column = columns[at];
    if (!column) return { state: options.redacted?.includes(reference.name) ? "not compared" : "vanished" };
    if (fits[at]) return { state: "counted", distribution: distributions.next().value! };
    // A column of nulls has whatever type the engine takes for nothing.
    if (values.get(column.name) === 0) return { state: "counted", distribution: nothing(reference, rows) };
    return { state: "type changed", type: column.type };
  });
  const split = profile.features.length;
  return {
    rows,
    features: all.slice(0, split),
    predictions: all.slice(split),
    added: addedColumns(found, profile, options),
  };
}

function kindOf({ kind }: Distribution): FeatureSpec["kind"] {
  return kind === "numeric" ? "number" : "category";
}

/** Whether a feature's values can come from a column of this kind. */
function holds(feature: FeatureSpec["kind"], column: ColumnKind): boolean {
  if (feature === "number") return isNumeric(column);
  return column === (feature === "boolean" ? "boolean" : "text");
}

/** The rows of the window, and how many values the columns of the wrong type have. */
async function countValues(
  session: Session,
  names: readonly string[],
): Promise<{ rows: number; values: Map<string, number> }> {
  const counts = names.map((name, at) => `, count(${quoteName(name)}) AS values_${at}`);
  const row = await session.row(`SELECT count(*) AS rows${counts.join("")} FROM ${rowsView}`);
  const values = new Map(names.map((name, at) => [name, Number(row[`values_${at}`])]));
  return { rows: Number(row.rows), values };
}

function addedColumns(
  found: readonly SourceColumn[],
  { features, predictions, target, classes }: Profile,
  { expected }: SummariseOptions,
): string[] {
  const known = new Set([
    ...[...features.map(({ distribution }) => distribution), ...predictions].map(({ name }) => name),
    ...["prediction", "label", ...classes.map((name) => `probability_${name}`)],
    ...[target, ...reservedColumns, ...expected],
  ]);
  return found.map(({ name }) => name).filter((name) => !known.has(name));
}

/** The distribution of a column without values. */
function nothing(reference: Distribution, rows: number): Distribution {
  const { name } = reference;
  if (reference.kind === "category") {
    const categories = reference.categories.map(({ value }) => ({ value, rows: 0 }));
    const buckets = reference.buckets?.map(() => 0) ?? null;
    return { name, kind: "category", rows, missing: rows, categories, other: 0, unlisted: [], buckets };
  }
  const { edges } = reference;
  const counts = [...edges, 0].map(() => 0);
  const none = { mean: null, deviation: null, min: null, max: null, below: 0, above: 0, infinite: 0, exact: false };
  return { name, kind: "numeric", rows, missing: rows, edges, counts, equal: edges.map(() => 0), ...none };
}

function emptyWindow({ features, predictions }: Profile): CurrentWindow {
  const counted = (reference: Distribution): WindowColumn => ({
    state: "counted",
    distribution: nothing(reference, 0),
  });
  return {
    rows: 0,
    features: features.map(({ distribution }) => counted(distribution)),
    predictions: predictions.map(counted),
    added: [],
  };
}
