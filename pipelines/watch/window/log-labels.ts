import { quoteName } from "../../data/engines/tables.ts";
import { UserError } from "../../errors/user-error.ts";
import { logKey } from "../../predictions/log-layout.ts";
import type { WindowJob } from "./drift-window.ts";
import { durationOf } from "./interval.ts";
import { rowsOf, viewsOfRecord } from "./query-source.ts";
import { targetText } from "./window-rows.ts";

/**
 * SQL for the labels of logged predictions, `k` and `y`: the feature query of the production version on the interval and
 * `drift.label_delay` after it, because what was predicted may happen later. Or why there are none: predictions are worth
 * comparing without labels too, so that a query that fails is told and not fatal.
 */
export async function labelQuery(job: WindowJob): Promise<{ query: string } | { problem: string }> {
  const { config, query } = job.record.candidate;
  const { key, target } = config.features;
  if (key.length === 0) return { problem: "the model has no features.key, so labels cannot be joined" };
  try {
    const path = `models/${job.record.model}/${config.features.query}`;
    const { from: start, to } = job.interval;
    const interval = { from: start, to: new Date(to.getTime() + durationOf(job.drift.label_delay)) };
    const { from, columns } = await rowsOf({ ...job, interval }, { path, text: query }, viewsOfRecord(job));
    const absent = [...key, target].filter((name) => !columns.some((column) => column.name === name));
    if (absent.length > 0) return { problem: `the feature query does not return ${absent.join(", ")}` };
    const label = targetText(quoteName(target), config.task);
    return { query: `SELECT ${logKey(key.map(quoteName))} AS k, ${label} AS y FROM ${from}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: `the feature query for the labels fails: ${error.message}` };
  }
}
