import type { PromoteRule } from "../../config/model-config.ts";
import { countOf } from "../../statistics/format-number.ts";
import type { DriftEntry, DriftPoint, ModelDrift } from "../drift/model-drift.ts";

/** What runs in an environment, and since when. */
export interface Running {
  version: number;
  since: Date;
}

/** How the time of a version in an environment stands: whether it may go on, and why. Plain JSON. */
export interface Soak {
  /** Whether the windows that were asked for are clean. */
  met: boolean;
  /** Clean windows, one behind the other, since the version runs there. */
  clean: number;
  needed: number;
  why: string;
}

/**
 * Counts the clean windows of a version in an environment, from the newest back to its beginning there. A window with too few
 * rows says nothing and is passed over, one that drifts ends the count. What cannot be told is not clean.
 */
export function judgeSoak({ clean_windows: needed }: PromoteRule, running: Running, entry: DriftEntry | null): Soak {
  const soak = (met: boolean, clean: number, why: string): Soak => ({ met, clean, needed, why });
  if (needed === 0) return soak(true, 0, "no windows are asked for");
  if (entry === null) return soak(false, 0, "its live data was not checked");
  if (entry.outcome === "error") return soak(false, 0, `its live data could not be checked: ${entry.error.message}`);
  if (entry.version !== running.version)
    return soak(false, 0, `v${entry.version} was checked, and v${running.version} runs there now`);
  const own = entry.history.filter(({ from }) => new Date(from) >= running.since);
  const telling = own.filter(({ outcome }) => outcome !== "too few rows");
  const drifting = telling.findIndex(({ outcome }) => outcome !== "clean");
  const clean = drifting < 0 ? telling.length : drifting;
  const obstacle = obstacleIn(entry, telling[drifting]);
  if (obstacle !== null) return soak(false, clean, obstacle);
  const counted = `${clean} of ${countOf(needed, "clean window")} of ${entry.every} since ${day(running.since.toISOString())}`;
  if (clean >= needed) return soak(true, clean, counted);
  const few = own.length - telling.length;
  const more = [
    ...(drifting < 0 ? [] : [`${windowWords(telling[drifting]!)} drifted`]),
    ...(few > 0 ? [`${countOf(few, "window")} with too few rows`] : []),
  ];
  return soak(false, clean, [counted, ...more].join("; "));
}

/** What speaks against the version now, however long it was clean before. */
function obstacleIn(entry: ModelDrift, last: DriftPoint | undefined): string | null {
  if (entry.outcome === "silent")
    return `no rows come any more since ${day(entry.silence?.since ?? entry.window.from)}`;
  if (entry.outcome === "drift") return last ? `${windowWords(last)} drifts` : "its newest window drifts";
  const decision = entry.rollback?.decision;
  return decision && decision.action !== "nothing" ? decision.why : null;
}

function windowWords({ from }: Pick<DriftPoint, "from">): string {
  return `the window from ${day(from)}`;
}

function day(time: string): string {
  return time.slice(0, 10);
}
