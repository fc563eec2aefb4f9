import { join } from "node:path";
import { type DriftWindow, logFolder, type WindowJob } from "./drift-window.ts";
import { readLoggedRows } from "./log-source.ts";
import { readMonitoringQuery, readNextWindow } from "./query-source.ts";

/**
 * The rows of a window, from the first source there is: `drift.query`, the model's folder in the prediction log, or the
 * feature query on the window. Throws UserError when the model has none of them, or its query is wrong.
 */
export async function readWindow(job: WindowJob): Promise<DriftWindow> {
  const file = join(job.staging, "window.parquet");
  if (job.drift.query !== null) return readMonitoringQuery(job, job.drift.query, file);
  const folder = await logFolder(job.root, job.repository.predictions, job.record.model);
  return folder === null ? readNextWindow(job, file) : readLoggedRows(job, folder, file);
}
