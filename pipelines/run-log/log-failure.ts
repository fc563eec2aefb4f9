import { dirname } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import type { RunLog } from "./run-log.ts";
import type { RunEvent } from "./run-record.ts";

/** Trains, and adds a run in state `error` when that throws. The error goes on to the caller. */
export async function logFailure<T>(
  runs: RunLog,
  { config, file }: LoadedModel,
  event: RunEvent,
  training: () => Promise<T>,
): Promise<T> {
  try {
    return await training();
  } catch (error) {
    await runs.addFailure(config, dirname(file), error, event);
    throw error;
  }
}
