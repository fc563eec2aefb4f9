import type { VersionRecord } from "../registry/version-record.ts";
import type { LastCheck } from "../watch/last-check.ts";
import type { LiveFindings } from "./live/look-at-log.ts";
import type { Arm, Placement, ServedModel, ServedPair, ServingLogFacts } from "./served-model.ts";

/** The registry as the server follows it. */
export interface RegistryFacts {
  /** Without credentials. */
  address: string;
  branch: string;
  /** The commit that is served; null before there is one. */
  commit: string | null;
  /** When the registry last answered; null when it never did since the start. */
  looked: Date | null;
  /** Why it cannot be looked at now, in words; null when it can. What answers then is the last good copy. */
  problem: string | null;
}

/** One version that is loaded. */
export interface ServedVersion extends Placement {
  version: number;
  arm: Arm;
  record: VersionRecord;
  /** The share of a challenger, 0 to 1; null for production and a shadow. */
  share: number | null;
  /** Since the server's start. */
  requests: number;
  rows: number;
  failed: number;
  /** In the last whole minute. */
  requestsPerMinute: number;
  /** Milliseconds of the last some thousand requests; null before the first. */
  latency: { p50: number; p90: number; p99: number } | null;
}

/** A row that was answered, as the status page shows it. */
export interface LastPrediction {
  time: Date;
  version: number;
  arm: Arm;
  key: string | null;
  /** By feature; null is a missing value. */
  features: Readonly<Record<string, number | string | null>>;
  /** The number, or the most probable class. */
  prediction: number | string;
  /** Of that class; null for a regression. */
  probability: number | null;
  latency_ms: number;
}

/** What could not be brought into service. */
export interface LoadFailure {
  /** null when not even the version is known, as of a damaged pointer. */
  version: number | null;
  arm: Arm;
  problem: string;
  since: Date;
}

/** What the server knows of one model. */
export interface ModelFacts {
  name: string;
  /** Production first; empty when nothing answers. */
  versions: readonly ServedVersion[];
  failures: readonly LoadFailure[];
  /** Why there is nothing in production, e.g. `flight-delay was taken out of production by …`; null when there is. */
  undeployed: string | null;
  /** Newest first. */
  last: readonly LastPrediction[];
  /** What the server found in its own log; absent or null before it has looked. */
  live?: LiveFindings | null;
  /** What the last check of drift found of the version in production; absent or null when none is known where the server runs. */
  drift?: LastCheck | null;
  /** The challenger's primary metric less production's, on rows whose labels have arrived; absent or null when there are none. */
  comparison?: LabelledDifference | null;
}

/** A difference with its interval. */
export interface LabelledDifference {
  metric: string;
  /** Whether less is better. */
  direction: "min" | "max";
  difference: number;
  low: number;
  high: number;
  rows: number;
}

/** What the status page and the metrics tell. */
export interface ServingFacts {
  now: Date;
  started: Date;
  /** The tool's version. */
  tool: string;
  registry: RegistryFacts;
  /** By name. */
  models: readonly ModelFacts[];
  log: ServingLogFacts;
}

/** Renders the page of `/`: whole HTML that needs no other file. */
export type StatusPage = (facts: ServingFacts) => string;

/** What the server has for one name of the registry. */
export interface TableEntry {
  name: string;
  /** What answers; null when nothing does. */
  pair: ServedPair | null;
  /** Why there is nothing in production; null when there is. */
  undeployed: string | null;
  failures: readonly LoadFailure[];
}

/** The models that answer now. Reads never wait; a change is one assignment. */
export interface ModelTable {
  get(name: string): TableEntry | undefined;
  all(): readonly TableEntry[];
  /** Puts an entry in place of the one before, and frees the versions that no longer answer once their requests are done. */
  put(entry: TableEntry): void;
  /** Frees all. */
  clear(): Promise<void>;
}

/** `retireFailed` is told of a version that could not be freed. */
export function openModelTable(retireFailed: (model: ServedModel, error: unknown) => void): ModelTable {
  const entries = new Map<string, TableEntry>();
  const retiring = new Set<Promise<void>>();
  const retire = (model: ServedModel) => {
    const done: Promise<void> = model
      .retire()
      .catch((error: unknown) => retireFailed(model, error))
      .finally(() => retiring.delete(done));
    retiring.add(done);
  };
  return {
    get: (name) => entries.get(name),
    all: () => [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    put(entry) {
      const kept = new Set(modelsOf(entry));
      const before = modelsOf(entries.get(entry.name));
      entries.set(entry.name, entry);
      for (const model of before) if (!kept.has(model)) retire(model);
    },
    async clear() {
      for (const entry of entries.values()) for (const model of modelsOf(entry)) retire(model);
      entries.clear();
      await Promise.all(retiring);
    },
  };
}

/** The versions that an entry holds. */
function modelsOf(entry: TableEntry | undefined): ServedModel[] {
  if (!entry?.pair) return [];
  const { production, challenger } = entry.pair;
  return challenger ? [production, challenger.model] : [production];
}
