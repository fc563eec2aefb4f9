import { EnvironmentError, type SourceLocation, UserError } from "../../../../errors/expected-error.ts";
import { duckdbError } from "../duckdb-error.ts";
import type { UsedSource } from "./source-names.ts";

/** An error of a source in words about it, and whether it may pass. */
export interface SourceError {
  error: EnvironmentError | UserError;
  passing: boolean;
}

/** What servers and the engine's extensions say, and what that means; the first that fits counts. */
const meanings: readonly { says: RegExp; means: string; hint: string; passing?: true }[] = [
  {
    says: /expired ?token|token (has )?expired|credentials? (have|has) expired|request has expired/i,
    means: "the credentials have expired",
    hint: "give the job new ones; with auth: oidc they are made for each query",
  },
  {
    says: /HTTP 40[13]\b|HTTP code (of )?40[13]|Forbidden|Unauthorized|password authentication failed|no password supplied|Access denied|authentication fail|no pg_hba\.conf entry|InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|role "[^"]*" does not exist/i,
    means: "it does not let this job in",
    hint: "look at the variables that its entry in mergeml.yaml names, and at the rights of whom they sign in",
  },
  {
    says: /permission denied for|command denied to user/i,
    means: "whom this job signs in as may not read that",
    hint: "grant SELECT on the schema's tables, and nothing more",
  },
  {
    says: /database "[^"]*" does not exist|Unknown database/i,
    means: "there is no such database",
    hint: "look at the end of the address in the variable that its entry in mergeml.yaml names",
  },
  {
    says: /in connection info string|invalid (connection option|URI|integer value|port)/i,
    means: "the value of its variable is no address of a database",
    hint: "it is written as postgres://reader:…@host:5432/database, a character such as @ in a password as %40",
  },
  {
    says: /NoSuchBucket|ContainerNotFound/i,
    means: "there is no such bucket",
    hint: "look at the source's url in mergeml.yaml",
  },
  {
    says: /canceling statement due to statement timeout|Query execution was interrupted, maximum statement/i,
    means: "it ended a statement at its time limit",
    hint: "read less, or raise resources.timeout_minutes in model.yaml",
  },
  {
    says: /(connection refused|could not connect|can't connect|could not establish|connection error|timed? ?out|timeout|could not resolve|could not translate|name or service not known|temporary failure|no route to host|unknown mysql server host|server closed the connection|terminating connection|lost connection|connection (was )?reset|the database system is (starting|shutting)|HTTP 5\d\d|HTTP 429|SlowDown)/i,
    means: "it cannot be reached",
    hint: "it is tried again by the next run",
    passing: true,
  },
];

const missing = /HTTP 404|404 \(Not Found\)|No files found that match|BlobNotFound|NoSuchKey/i;

/** What an error is that a source may have caused; null when none did. `locate` finds where the query names it. */
export function sourceError(
  error: unknown,
  used: readonly UsedSource[],
  tried: string,
  locate?: (source: string) => SourceLocation,
): SourceError | null {
  const text = duckdbError(error)?.exception_message ?? (error instanceof Error ? error.message : "");
  if (used.length === 0 || text === "" || error instanceof UserError || isTold(text)) return null;
  const source = guilty(text, used);
  const name = source === null ? "a source of the query" : `the source ${source.name}`;
  const found = meanings.find(({ says }) => says.test(text));
  if (found && isOfConnection(error)) {
    const message = `${name} cannot be read: ${found.means} (${brief(text)})`;
    const safe = `nothing was stored; ${found.hint}`;
    return {
      error: new EnvironmentError(
        message,
        { tried: `${tried}${source ? ` (${source.config.type})` : ""}`, safe },
        { cause: error },
      ),
      passing: found.passing === true,
    };
  }
  if (!missing.test(text) || source === null) return isOfWorld(error) ? unreadable(error, { name, tried, text }) : null;
  const hint = "look at the name, and at the source's url in mergeml.yaml, which comes before it";
  const message = `the source ${source.name} has no such object: ${brief(text)}`;
  const where = locate?.(source.name);
  const problem = { message, hint, key: `sources.${source.name}`, ...(where && { where }) };
  return { error: new UserError(problem, { cause: error }), passing: false };
}

/** Whether an error speaks of a source already. */
function isTold(text: string): boolean {
  return /^(the source \S+|a source of the query) /.test(text);
}

/** What the engine calls an error of the world, whatever its words. */
export function isOfWorld(error: unknown): boolean {
  return /^(IO|HTTP|Connection|Network)$/i.test(duckdbError(error)?.exception_type ?? "");
}

/** In the engine's own words, which nobody foresaw. */
function unreadable(error: unknown, { name, tried, text }: Record<"name" | "tried" | "text", string>): SourceError {
  const safe = "nothing was stored; look at its entry in mergeml.yaml, and at the variables that it names";
  const message = `${name} cannot be read: ${brief(text)}`;
  return { error: new EnvironmentError(message, { tried, safe }, { cause: error }), passing: false };
}

/** What the engine calls an error of the world or of what is asked of it, when the words speak of a source. */
function isOfConnection(error: unknown): boolean {
  const type = duckdbError(error)?.exception_type ?? "IO";
  return /^(IO|HTTP|Connection|Network|Invalid|Permission|Invalid Input|Internal|Unknown Type|Not implemented|Binder|Catalog)$/i.test(
    type,
  );
}

/** The source that an error speaks of: the only one, or the one whose address or name is in it. */
function guilty(text: string, used: readonly UsedSource[]): UsedSource | null {
  if (used.length === 1) return used[0]!;
  const named = used.filter(({ name, config }) => {
    const url = "url" in config && typeof config.url === "string" ? config.url : null;
    const endpoint = "endpoint" in config && config.endpoint ? config.endpoint.replace(/^\w+:\/\//, "") : null;
    return (
      (url !== null && text.includes(url.replace(/\/+$/, ""))) ||
      (endpoint !== null && text.includes(endpoint)) ||
      new RegExp(`"${name}"`).test(text)
    );
  });
  if (named.length === 1) return named[0]!;
  const databases = used.filter(({ access }) => access.kind === "database");
  return databases.length === 1 && /connect|password|statement|permission/i.test(text) ? databases[0]! : null;
}

/** Its first line: what follows repeats it, or is the engine's advice about secrets. */
function brief(text: string): string {
  return text.split("\n")[0]!.trim().slice(0, 300);
}
