import type { Task } from "../../config/model-config.ts";
import type { Session } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { freeName } from "../../data/free-name.ts";
import type { WindowColumns, WindowLabels } from "./drift-window.ts";

/**
 * The rows of a window in a session, before they are labelled: `t` (TIMESTAMP, UTC; null when unknown), `k` (the key as in
 * the prediction log), `f0` … and `p0` …, and, when the source has the target itself, `y` as a text.
 */
export const rowsTable = "window_rows";

/** Labels of a window: `k` and `y`, a text. */
export const labelsTable = "window_labels";

/** How labels are found. */
export interface LabelPlan {
  task: Task;
  target: string;
  /** `own`: in the rows; `joined`: in the labels table, by key; otherwise why there are none. */
  from: "own" | "joined" | { problem: string };
  /** Labels of rows until this moment count; of rows without a time, only if the whole window is older. */
  until: Date;
  windowEnd: Date;
}

/** A column of the file and the column of the rows table that it is. */
interface NamedColumn {
  name: string;
  column: string;
}

export interface WindowLayout {
  features: readonly NamedColumn[];
  predictions: readonly NamedColumn[];
}

/** Decides of every label whether it counts, and writes the file. */
export async function writeWindow(
  session: Session,
  { features, predictions }: WindowLayout,
  plan: LabelPlan,
  file: string,
): Promise<{ rows: number; columns: WindowColumns; labels: WindowLabels }> {
  const names = [...features, ...predictions].map(({ name }) => name);
  const labelled = typeof plan.from === "string";
  const target = labelled ? freeName(plan.target, names) : null;
  await session.run(`CREATE TEMP VIEW window_states AS ${statesQuery(plan)}`);
  const outputs = [...features, ...predictions].map(({ name, column }) => `${column} AS ${quoteName(name)}`);
  const type = plan.task === "regression" ? "DOUBLE" : "VARCHAR";
  if (target) outputs.push(`CASE WHEN state = 'known' THEN TRY_CAST(label AS ${type}) END AS ${quoteName(target)}`);
  await session.run(`COPY (SELECT ${outputs.join(", ")} FROM window_states) TO ${quoteText(file)} (FORMAT parquet)`);
  const counts = await session.rows("SELECT state, count(*) AS rows FROM window_states GROUP BY state");
  const count = (state: string) => Number(counts.find((row) => row.state === state)?.rows ?? 0);
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${rowsTable}`);
  return {
    rows: Number(rows),
    columns: {
      features: features.map(({ name }) => name),
      predictions: predictions.map(({ name }) => name),
      target,
    },
    labels: {
      known: count("known"),
      late: count("late"),
      missing: count("missing"),
      duplicated: count("duplicated"),
      problem: typeof plan.from === "string" ? null : plan.from.problem,
    },
  };
}

function statesQuery({ from, until, windowEnd }: LabelPlan): string {
  if (typeof from !== "string") return `SELECT *, 'unlabelled' AS state FROM ${rowsTable}`;
  const oldEnough = windowEnd.getTime() <= until.getTime();
  const late = `coalesce(r.t > TIMESTAMP ${quoteText(sqlTime(until))}, ${!oldEnough})`;
  const label = from === "own" ? "r.y" : "l.label";
  const source = from === "own" ? rowsTable : labelsTable;
  return `SELECT r.*, ${label} AS label, CASE
      WHEN ${late} THEN 'late'
      WHEN l.labels > 1 THEN 'duplicated'
      WHEN ${label} IS NULL THEN 'missing'
      ELSE 'known' END AS state
    FROM ${rowsTable} r LEFT JOIN (
      SELECT k, min(y) AS label, count(DISTINCT y) AS labels FROM ${source} WHERE k IS NOT NULL AND y IS NOT NULL GROUP BY k
    ) l ON r.k = l.k`;
}

/** `2001-06-15 12:00:00.000`, UTC. */
export function sqlTime(time: Date): string {
  return time.toISOString().replace("T", " ").replace("Z", "");
}

/** SQL for a target as the text that is compared and counted: missing and NaN are no labels. */
export function targetText(column: string, task: Task): string {
  if (task === "classification") return `CAST(${column} AS VARCHAR)`;
  const value = `TRY_CAST(${column} AS DOUBLE)`;
  return `CASE WHEN isfinite(${value}) THEN CAST(${value} AS VARCHAR) END`;
}
