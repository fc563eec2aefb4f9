import { UserError } from "../../../../errors/user-error.ts";
import { systemClock } from "../../../../ports/clock.ts";
import { secretsOf } from "../../../sources/reachable-source.ts";
import { redactError, redactor } from "../../../sources/redact.ts";
import { listRead } from "../../../sources/source-objects.ts";
import { mostObjects, type SourceSnapshot, snapshotChanges } from "../../../sources/source-snapshot.ts";
import { locateWord } from "../../../sql-text.ts";
import type { PrepareJob } from "../../engine.ts";
import { openDuckdbSession } from "../duckdb-session.ts";
import { parseQuery } from "../parse-query.ts";
import { surveyQuery } from "../query-rules.ts";
import { functionRules } from "../refused-functions.ts";
import { believe } from "./certificates.ts";
import type { SourceConnection } from "./connect-sources.ts";
import { sourceError } from "./source-error.ts";
import { type UsedSource, usedSources } from "./used-sources.ts";

/**
 * How to reach the sources that a query really names; undefined when it names none, and then nothing of them is loaded. The
 * query is parsed where there are no sources yet. Throws UserError for one that cannot be signed in to.
 */
export async function sourceConnection(
  job: PrepareJob & { pinned?: readonly SourceSnapshot[] | undefined },
): Promise<SourceConnection | undefined> {
  const { sql, sources: reachable, limits } = job;
  if (!reachable || reachable.sources.length === 0) return undefined;
  using session = await openDuckdbSession({ readable: [], threads: 1, memory_gb: limits.memory_gb });
  const rules = await functionRules(session);
  const survey = surveyQuery(sql, await parseQuery(session, sql), rules.refused, reachable.sources);
  if (survey.problems.length > 0) return undefined; // it is refused, and needs no source for that
  const { sources: mentions } = survey;
  const used = usedSources(mentions, reachable.sources);
  if (used.length === 0) return undefined;
  const { extensions, installed, certificates } = reachable;
  await believe({ certificates });
  return { used, extensions, installed, certificates, versions: pinnedVersions(job.pinned), seconds: limits.seconds };
}

function pinnedVersions(pinned: readonly SourceSnapshot[] = []): Map<string, string> {
  return new Map(pinned.flatMap((each) => (each.read === "table" ? [[each.source, each.version]] : [])));
}

/** Runs work on a query with the errors of its sources told in words about them, and without their secrets. */
export async function withSources<T>(
  { sources, sql }: Pick<PrepareJob, "sources" | "sql">,
  used: readonly UsedSource[],
  work: () => Promise<T>,
): Promise<T> {
  if (!sources || sources.sources.length === 0) return work();
  const redact = redactor(sources.sources.flatMap(({ access }) => secretsOf(access)));
  try {
    return await work();
  } catch (error) {
    const told = sourceError(error, used, `to run ${sql.file}`, (source) => locateWord(sql, source));
    throw redactError(told?.error ?? error, redact);
  }
}

/** What the sources of a query hold now. Tables have the versions that the session reads. */
export async function snapshotSources({ used, versions }: SourceConnection): Promise<SourceSnapshot[]> {
  return Promise.all(used.map((source) => snapshotOf(source, versions)));
}

async function snapshotOf(
  { name, config, access, paths }: UsedSource,
  versions: ReadonlyMap<string, string>,
): Promise<SourceSnapshot> {
  if (access.kind === "database" || !("url" in config) || typeof config.url !== "string")
    return { source: name, read: "database", tables: [...paths].sort() };
  if (config.type === "delta" || config.type === "iceberg")
    return { source: name, read: "table", version: versions.get(name) ?? "" };
  const objects = await listRead(config.url, paths, access, systemClock);
  const more = objects.length - mostObjects;
  return { source: name, read: "objects", objects: objects.slice(0, mostObjects), ...(more > 0 && { more }) };
}

/** Throws when an object became another one while it was read: the rows would be of neither. */
export function requireUnchanged(before: readonly SourceSnapshot[], after: readonly SourceSnapshot[]): void {
  const changes = snapshotChanges(before, after);
  if (changes.length === 0) return;
  throw new UserError({
    message: `${changes.join("; ")} since the query began to read it`,
    hint: "run it again when nobody writes there, or write new objects beside the old ones",
  });
}
