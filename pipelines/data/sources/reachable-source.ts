import type { SourceConfig } from "../../config/source-config.ts";
import type { Problem } from "../../errors/user-error.ts";

/** Keys of an account, as S3 has them; `session` of those for a time. */
export interface StorageKeys {
  id: string;
  secret: string;
  session: string | null;
}

/** How a source is reached and signed in to: the secrets themselves, for memory and the pipe to the engine's process alone. */
export type SourceAccess =
  | { kind: "s3"; endpoint: string | null; region: string; keys: StorageKeys | null }
  | { kind: "gcs"; endpoint: string | null; keys: StorageKeys | null; bearer: string | null }
  | { kind: "azure"; endpoint: string | null; account: string | null; connection: string | null; bearer: string | null }
  | { kind: "http"; bearer: string | null }
  | { kind: "database"; url: string };

/** A source of mergeml.yaml as the engine's process gets it. */
export interface ReachableSource {
  name: string;
  config: SourceConfig;
  /** How, or why not; what is not used need not be reached. */
  access: SourceAccess | { problem: Problem };
}

/** What an engine's process needs to reach the sources that a query names. */
export interface ReachableSources {
  sources: readonly ReachableSource[];
  /** All that mergeml.yaml has, for who mistypes one. */
  names?: readonly string[];
  /** Folder of the engine's extensions that the operator gives. */
  extensions: string | null;
  /** Where the engine installs its extensions otherwise. */
  installed: string;
  /** File of authorities whose certificates the operator believes beside the usual ones. */
  certificates: string | null;
}

/** The texts of an access that nobody may read in a message. */
export function secretsOf(access: ReachableSource["access"]): string[] {
  if ("problem" in access) return [];
  if (access.kind === "database") return [access.url];
  const keys = "keys" in access && access.keys ? [access.keys.id, access.keys.secret, access.keys.session] : [];
  const more = "bearer" in access ? [access.bearer] : [];
  return [...keys, ...more, "connection" in access ? access.connection : null].filter((each) => each !== null);
}
