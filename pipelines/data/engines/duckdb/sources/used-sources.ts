import type { SourceConfig } from "../../../../config/source-config.ts";
import { type Problem, UserError } from "../../../../errors/user-error.ts";
import type { ReachableSource, SourceAccess } from "../../../sources/reachable-source.ts";

/** What a query names of sources. */
export interface SourceMention {
  /** The source's name as in mergeml.yaml. */
  source: string;
  /** Objects: a path or pattern below the source. Databases: `schema.table`. A lake's table: empty. */
  path: string;
  /** Byte offset in the query. */
  offset: number;
}

/** A source that a query names, with what it names of it. */
export interface UsedSource {
  name: string;
  config: SourceConfig;
  access: SourceAccess;
  paths: readonly string[];
}

/** The sources that mentions name. Throws UserError with why one cannot be signed in to. */
export function usedSources(mentions: readonly SourceMention[], reachable: readonly ReachableSource[]): UsedSource[] {
  const problems: Problem[] = [];
  const used = reachable.flatMap(({ name, config, access }): UsedSource[] => {
    const paths = mentions.filter(({ source }) => source === name).map(({ path }) => path);
    if (paths.length === 0) return [];
    if (!("problem" in access)) return [{ name, config, access, paths: [...new Set(paths)] }];
    problems.push(access.problem);
    return [];
  });
  if (problems.length > 0) throw new UserError(problems);
  return used;
}
