import type { ModelConfig, RepositoryConfig } from "../../config/model-config.ts";
import type { EngineOf } from "../../data/engines/engines.ts";
import { UserError } from "../../errors/user-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import type { Interval } from "./interval.ts";

/** What is needed to find the rows of a window. */
export interface WindowJob {
  engineOf: EngineOf;
  /** The repository's root and settings. */
  root: string;
  repository: Pick<RepositoryConfig, "data" | "predictions" | "sources">;
  /** Folders outside the repository that the operator lets queries read. */
  extraData: readonly string[];
  threads: number;
  clock: Clock;
  /** What is in production, and its checked bytes, read only when rows must be scored. */
  record: VersionRecord;
  bytes(): Promise<Uint8Array>;
  /** Of today's model.yaml. */
  drift: Pick<ModelConfig["drift"], "query" | "label_delay">;
  interval: Interval;
  /** Labels count when they are older than the delay now. */
  now: Date;
  /** A directory of our own; the window's file is written there. */
  staging: string;
}

/** Where the rows came from: the monitoring query, the prediction log, or the feature query on the next window. */
type WindowSource = "query" | "log" | "features";

/** The rows of a window as one Parquet file, and what is known of them. */
export interface DriftWindow {
  interval: Interval;
  source: WindowSource;
  /** Features by their names, then the prediction columns, then the target if there are labels. */
  file: string;
  columns: WindowColumns;
  rows: number;
  labels: WindowLabels;
  /** Features that the source does not have, and those whose values are of another type: these are in the file as they came. */
  vanished: readonly string[];
  changed: readonly string[];
  /** Columns of the source that the model does not know. */
  added: readonly string[];
  /** Rows with a value that cannot be converted, which are left out. */
  rejected: number;
  /** Only of the prediction log. */
  log: LogFacts | null;
}

/** What columns of the file are called: a name that is taken already gets an underscore. */
export interface WindowColumns {
  /** Features that are there. */
  features: readonly string[];
  /** `prediction`, or `label` and `probability_<class>`; a log may lack some. */
  predictions: readonly string[];
  /** The target; null when no labels were looked for. It is null in rows whose label does not count. */
  target: string | null;
}

/** The four sum up to the rows, unless no labels were looked for. */
export interface WindowLabels {
  /** Rows whose label counts. */
  known: number;
  /** Rows younger than `drift.label_delay`, whatever their label. */
  late: number;
  /** Older rows without a label. */
  missing: number;
  /** Older rows whose key has labels that contradict each other; none of them counts. */
  duplicated: number;
  /** Why no labels were looked for; null when they were. */
  problem: string | null;
}

interface LogFacts {
  files: number;
  /** Files that cannot be read, or are no prediction log. */
  skipped: readonly { file: string; reason: string }[];
  /** Rows of the interval that other versions predicted. */
  otherVersions: number;
  /** Features that were logged as null on purpose, and are not compared; what was checked before lacks them. */
  redacted?: readonly string[];
}

/** A model has no source of live rows at all, which is wrong only when somebody asks for it. */
export class UnwatchedModel extends UserError {}
