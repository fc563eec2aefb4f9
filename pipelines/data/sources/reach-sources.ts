import type { Sources } from "../../config/model-config.ts";
import type { Clock, Environment } from "../../ports/host.ts";
import { lacksCredential } from "./missing-credential.ts";
import { signIn } from "./sign-in.ts";
import type { ReachableSource, ReachableSources } from "./source-objects.ts";

/** Throws MissingCredential for a source that nobody has reviewed. */
export type RequireReviewed = (source: string) => Promise<void>;

/** Signs in to the sources that a query may name. Rejects when a server refuses an identity. */
export type ReachSources = (sql: string) => Promise<ReachableSources>;

export interface SourcePlaces {
  sources: Sources;
  env: Environment;
  clock: Clock;
  /** Where the engine's extensions are installed. */
  installed: string;
  review?: RequireReviewed | undefined;
}

/** Gives each query the sources that it may name, signed in to as late as possible: tokens are for a time. */
export function reachSources({ sources, env, clock, installed, review }: SourcePlaces): ReachSources {
  const extensions = env.MERGEML_DUCKDB_EXTENSIONS || null;
  const certificates = env.NODE_EXTRA_CA_CERTS || null;
  return async (sql) => {
    const names = Object.keys(sources).filter((name) => mayName(sql, name));
    const reached = names.map(async (name): Promise<ReachableSource> => {
      const config = sources[name]!;
      try {
        await review?.(name);
        return { name, config, access: await signIn(name, config, sources, env, clock) };
      } catch (error) {
        // Only what a query really names is needed, and that is known once it is parsed.
        if (lacksCredential(error)) return { name, config, access: { problem: error.problems[0]! } };
        throw error;
      }
    });
    return { sources: await Promise.all(reached), names: Object.keys(sources), extensions, installed, certificates };
  };
}

/** Whether a text has the word; a query that names a source has, and one that does not is spared a sign-in. */
export function mayName(sql: string, name: string): boolean {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, "iu").test(sql);
}
