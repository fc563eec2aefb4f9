import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { describeDistributions } from "../../../pipelines/watch/profile/describe-distributions.ts";
import type { CurrentWindow } from "../../../pipelines/watch/profile/distribution.ts";
import {
  type FeatureProfile,
  fitProfile,
  type MetricLevel,
  type Profile,
} from "../../../pipelines/watch/profile/profile.ts";
import { summarise } from "../../../pipelines/watch/profile/summarise.ts";

/** What a profile is built from in tests: a Parquet file, and which of its columns are what. */
export interface Reference {
  file: string;
  features: Readonly<Record<string, FeatureProfile["kind"]>>;
  importance?: Readonly<Record<string, number>>;
  /** `prediction` when there is one. */
  predictions?: readonly string[];
  performance?: MetricLevel | null;
  /** Bytes the profile may have. */
  bytes?: number;
}

/** The profile of a Parquet file's columns, as registration builds it of a train split. */
export async function profileOf(reference: Reference): Promise<Profile> {
  const { file, features, importance, predictions = [] } = reference;
  using session = await openSession({ readable: [], writable: [file], threads: 1 });
  const names = Object.keys(features);
  const columns = [
    ...names.map((name) => ({
      name,
      column: name,
      kind: features[name] === "number" ? ("numeric" as const) : ("category" as const),
    })),
    ...predictions.map((name) => ({ name, column: name, kind: "numeric" as const })),
  ];
  const described = await describeDistributions(session, `read_parquet('${file}')`, columns);
  return fitProfile(
    {
      format: 1,
      task: "regression",
      classes: [],
      target: "target",
      unwatched: 0,
      times: null,
      features: names.map((name, at) => ({
        kind: features[name]!,
        importance: importance?.[name] ?? null,
        distribution: described[at]!,
      })),
      predictions: described.slice(names.length),
      outcome: {
        name: "target",
        kind: "category",
        rows: 0,
        missing: 0,
        categories: [],
        other: 0,
        unlisted: [],
        buckets: null,
      },
      performance: reference.performance ?? null,
    },
    reference.bytes,
  );
}

/** A window of one Parquet file. */
export function windowOf(profile: Profile, ...files: string[]): Promise<CurrentWindow> {
  return summarise(profile, { files, threads: 2, memory_gb: 1, expected: [] });
}
