import type { Span } from "./model-drift.ts";

/** A feed that stopped. Plain JSON. */
export interface Silence {
  /** End of the last window that had rows, ISO UTC. */
  since: string;
  /** Rows of that window. */
  rows: number;
}

/** A window and how many rows there were to read, whether they could be used or not. */
export interface FedWindow extends Span {
  rows: number;
}

/**
 * Whether the newest window is a feed that stopped: it has no rows, an earlier one had, and nothing so long without rows was
 * seen between earlier windows with rows. A shop that is closed on Sundays is not silent on a Sunday. `windows` are touching,
 * newest first.
 */
export function silenceOf(windows: readonly FedWindow[]): Silence | null {
  const fed = windows.findIndex(({ rows }) => rows > 0);
  if (fed < 1 || fed <= longestPause(windows.slice(fed))) return null;
  const { to, rows } = windows[fed]!;
  return { since: to, rows };
}

/** The most windows without rows in a row, between windows with rows. */
function longestPause(windows: readonly FedWindow[]): number {
  let [longest, pause] = [0, 0];
  for (const { rows } of windows) {
    if (rows > 0) longest = Math.max(longest, pause);
    pause = rows > 0 ? 0 : pause + 1;
  }
  return longest;
}
