import type { DataCheck, QueryText } from "../config/model-config.ts";
import type { KeyPath } from "../config/yaml/finding.ts";
import type { Problem, SourceLocation } from "../errors/user-error.ts";

/** What `features/<name>.yaml` says, checked and completed. */
export interface ViewConfig {
  description: string;
  owner: string | null;
  key: readonly string[];
  time: string | null;
  ttl: string | null;
  /** What each feature is, by column; in their order. */
  columns: Readonly<Record<string, string>>;
  constraints: readonly DataCheck[];
}

/** A view of `features/`: its two files. */
export interface FeatureView {
  name: string;
  /** Path of the YAML. */
  file: string;
  config: ViewConfig;
  query: QueryText;
  /** Views that its query reads, in the order in which it names them. */
  reads: readonly string[];
  /** Where a key of the YAML is written. */
  locate(path: KeyPath): SourceLocation;
}

/** All views of a repository by name, and what is wrong with others, by name too. */
export interface FeatureViews {
  sound: ReadonlyMap<string, FeatureView>;
  broken: ReadonlyMap<string, readonly Problem[]>;
  /** Problems of the folder itself, such as a file whose name is none of a view. */
  problems: readonly Problem[];
}
