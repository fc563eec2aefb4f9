import { interruptAfter } from "../../data/engines/session.ts";
import { openSession } from "../../data/engines/tables.ts";
import { errorColumn } from "../../predictions/log-layout.ts";
import { tooSlow } from "../../predictions/score-input.ts";
import type { WindowJob } from "../window/drift-window.ts";
import { logFiles, logFolder } from "../window/log-files.ts";
import { type LogFile, openLogFile, readReason } from "../window/log-rows.ts";
import { windowLimits } from "../window/window-job.ts";

/** Requests of a window, and those of them that failed. */
export interface Failures {
  rows: number;
  failed: number;
}

/**
 * Counts the requests to the production version in the prediction log, in whatever way drift gets its rows. Files without a
 * text column `error` say nothing and are left out; why nothing is known where no file says anything.
 */
export async function countFailures(job: WindowJob): Promise<Failures | { reason: string }> {
  const { root, repository, record } = job;
  const folder = await logFolder(root, repository.predictions, record.model);
  if (folder === null) return { reason: `there is no prediction log in ${repository.predictions}/${record.model}` };
  const limits = windowLimits(job);
  using session = await openSession({ ...limits, readable: [folder] });
  const limit = interruptAfter(session, limits.seconds);
  try {
    const files: LogFile[] = [];
    for (const path of await logFiles(folder, job.interval)) {
      const found = await openLogFile(session, job, path).catch((error: unknown) => ({
        reason: readReason(error, path),
      }));
      if (!("reason" in found) && found.rows > 0) files.push(found);
    }
    const telling = files.filter(({ failure }) => failure !== null);
    if (files.length > 0 && telling.length === 0)
      return { reason: `the prediction log has no column ${errorColumn} of texts` };
    const counts: Failures = { rows: 0, failed: 0 };
    for (const { rows, failed } of telling) {
      counts.rows += rows;
      counts.failed += failed;
    }
    return counts;
  } catch (error) {
    throw limit.reached() ? tooSlow(`the prediction log of ${record.model}`, limits.seconds, error) : error;
  } finally {
    limit.stop();
  }
}
