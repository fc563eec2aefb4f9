import { EnvironmentError } from "../errors/environment-error.ts";
import { numberText } from "../statistics/format-number.ts";
import type { DatasetRef } from "./dataset.ts";
import type { DatasetStore } from "./dataset-store.ts";
import type { Session } from "./engines/session.ts";
import { quoteName, quoteText } from "./engines/tables.ts";
import { levelCodes, readInto, withDataset } from "./stored-columns.ts";

/** The group of each row, by position in `levels`. */
export interface Groups {
  codes: Int32Array;
  levels: readonly string[];
}

/** A numeric column with more distinct values than this is cut at its quartiles. */
const mostLevels = 50;

/**
 * The slices of a stored split by one column, in the dataset's row order. Texts, booleans and columns of few values have a
 * level each, in their own order; other numbers and dates are cut at their quartiles, `[0.2, 1.1)`. Missing is `null`, last.
 */
export async function loadGroups(store: DatasetStore, ref: DatasetRef, column: string): Promise<Groups> {
  const type = ref.columns.find(({ name }) => name === column)?.type;
  if (type === undefined) {
    throw new EnvironmentError(`the stored dataset ${ref.fingerprint} has no column ${column}`, {
      tried: "to slice it",
      safe: "nothing was changed",
    });
  }
  return withDataset(store, ref, async (session, from) => {
    const { label, levels } = await labelsOf(session, from, quoteName(column), type);
    const codes = new Int32Array(ref.rows);
    const codeOf = await levelCodes(session, "mergeml_groups", levels);
    await readInto(session, from, ref, [{ sql: codeOf(label), values: codes }]);
    return { codes, levels };
  });
}

interface Labels {
  /** SQL for a row's label. */
  label: string;
  levels: readonly string[];
}

async function labelsOf(session: Session, from: string, name: string, type: string): Promise<Labels> {
  const column = type === "double" ? `CASE WHEN isnan(${name}) THEN NULL ELSE ${name} END` : name;
  const ordered = type !== "text" && type !== "boolean";
  const { values } = await session.row(`SELECT count(DISTINCT ${column}) AS values FROM ${from}`);
  if (ordered && Number(values) > mostLevels) return quartileLabels(session, from, column, type);
  const text =
    type === "double" ? `regexp_replace(CAST(${column} AS VARCHAR), '\\.0$', '')` : `CAST(${column} AS VARCHAR)`;
  const label = `coalesce(${text}, 'null')`;
  const rows = await session.rows(
    `SELECT ${label} AS label FROM ${from} GROUP BY ALL ORDER BY min(${column}) NULLS LAST`,
  );
  return { label, levels: rows.map((row) => String(row.label)) };
}

async function quartileLabels(session: Session, from: string, column: string, type: string): Promise<Labels> {
  const row = await session.row(
    `SELECT ${[0, 0.25, 0.5, 0.75, 1]
      .map((q, at) => `CAST(quantile_disc(${column}, ${q}) AS VARCHAR) AS edge_${at}`)
      .join(", ")}, bool_or(${column} IS NULL) AS missing FROM ${from}`,
  );
  const edges = [...new Set([0, 1, 2, 3, 4].map((at) => String(row[`edge_${at}`])))];
  const isTime = type === "date" || type === "timestamp" || type === "time";
  const shown = (edge: string) => (isTime ? edge : numberText(Number(edge)));
  const cuts = edges.slice(1, -1);
  const levels = edges
    .slice(1)
    .map((edge, at) => `[${shown(edges[at] ?? edge)}, ${shown(edge)}${at === edges.length - 2 ? "]" : ")"}`);
  const compared = (edge: string) =>
    isTime ? `CAST(${column} AS VARCHAR) < ${quoteText(edge)}` : `${column} < ${edge}`;
  const cases = cuts.map((edge, at) => `WHEN ${compared(edge)} THEN ${quoteText(levels[at] ?? "")}`);
  const label = `CASE WHEN ${column} IS NULL THEN 'null' ${cases.join(" ")} ELSE ${quoteText(levels.at(-1) ?? "")} END`;
  return { label, levels: row.missing === true ? [...levels, "null"] : levels };
}
