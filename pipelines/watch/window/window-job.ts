import type { QueryLimits } from "../../data/engines/engine.ts";
import type { WindowJob } from "./drift-window.ts";
import { durationOf } from "./interval.ts";

/** What the queries of a window may use: what training could. */
export function windowLimits({ record, threads }: Pick<WindowJob, "record" | "threads">): QueryLimits {
  const { memory_gb, timeout_minutes } = record.candidate.config.resources;
  return { memory_gb, threads, seconds: timeout_minutes * 60 };
}

/** Labels of rows until this moment count. */
export function labelsUntil({ now, drift }: Pick<WindowJob, "now" | "drift">): Date {
  return new Date(now.getTime() - durationOf(drift.label_delay));
}
