import type { Json } from "../../config/canonical-json.ts";
import type { RunRecord } from "../../run-log/run-record.ts";
import type { DriftPoint } from "../../watch/drift/model-drift.ts";
import type { ModelState } from "../../watch/model-state.ts";

/** A version in a few numbers. */
export interface ListedVersion {
  version: number;
  registered: string;
  by: string;
  pull_request: number | null;
  metric: string;
  value: number | null;
  metrics: Readonly<Record<string, number>>;
  type: string;
  seed: number;
  params: Readonly<Record<string, Json>>;
  candidate: string;
  commit: string | null;
  train: { fingerprint: string; rows: number };
  test: { fingerprint: string; rows: number };
  window: { start: string; end: string } | null;
  features: readonly string[];
  views: readonly string[];
  verdict: string;
  summary: string;
}

/** A registration, promotion or rollback, as its commit tells it. */
export interface ListedMove {
  time: string;
  by: string;
  what: string;
  commit: string;
}

/** A model, as a row of the first page. */
export interface DashboardModel {
  status: ModelState;
  owner: string | null;
  description: string;
  /** Oldest first. */
  versions: readonly ListedVersion[];
  /** Newest first. */
  moves: readonly ListedMove[];
  /** Newest first. */
  runs: readonly RunRecord[];
  /** Oldest first; empty where nobody checked. */
  windows: readonly DriftPoint[];
}

/** All that the dashboard tells. Plain JSON. */
export interface DashboardFacts {
  /** ISO time. */
  built: string;
  /** Commit of the registry branch; null without one. */
  tip: string | null;
  /** Web address of the repository, for links to pull requests and commits; null where it has none. */
  web: string | null;
  models: readonly DashboardModel[];
}
