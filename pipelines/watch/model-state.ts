import type { LastCheck } from "./last-check.ts";

/** What is in production of one model, and what a run would do next. */
export interface ModelState {
  model: string;
  production: number | null;
  /** ISO time of the commit that last moved the pointer, a revert included; null when nothing is in production. */
  since: string | null;
  metric: string | null;
  value: number | null;
  by: string | null;
  pull_request: number | null;
  /** Why mergeml rolled back to this version by itself; null when a person put it there. */
  automatic: string | null;
  /** Versions by environment, in the order of mergeml.yaml without production; absent where that has none. */
  environments?: Readonly<Record<string, number | null>>;
  /** What the last `mergeml drift` on this machine found; null when this version was never checked here. */
  drift: LastCheck | null;
  next: string;
  detail: string;
}
