import { UserError } from "../../../errors/user-error.ts";

/** A server of PostgreSQL as a source of mergeml.yaml names it. */
export interface PostgresSource {
  /** Of the source in mergeml.yaml. */
  name: string;
  /** `postgres://user:password@host:port/database`, a secret; see `url` for how to ask for it. */
  url: string;
  /** The environment variable that it came from, for messages; null when it is written out. */
  variable: string | null;
  /** The only schemas that queries may read. */
  schemas: readonly string[];
}

/** Where a server is, without what is secret. */
export function placeOf({ url }: Pick<PostgresSource, "url">): string {
  const { hostname, port, pathname, username } = new URL(url);
  return `${decodeURIComponent(username)}@${hostname}:${port || "5432"}${pathname}`;
}

const systemSchemas = /^(pg_.*|information_schema)$/i;

/** Throws UserError, without a word of the address, for one that is none, and for schemas that may not be read. */
export function checkSource({ name, url, variable, schemas }: PostgresSource): void {
  const key = `sources.${name}`;
  const hint = "it looks like postgres://user:password@host:5432/database";
  if (!isAddress(url)) {
    const where = variable === null ? `sources.${name}.url` : `the environment variable ${variable}`;
    throw new UserError({ message: `${where} is not the address of a PostgreSQL database with a user`, hint, key });
  }
  const system = schemas.find((schema) => systemSchemas.test(schema));
  if (system === undefined && schemas.length > 0) return;
  const message =
    system === undefined
      ? `source ${name} names no schemas`
      : `source ${name} names ${system}, a schema of the server itself`;
  throw new UserError({ message, hint: "write the schemas that queries may read: schemas: [features]", key });
}

function isAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, pathname } = new URL(url);
  return /^postgres(ql)?:$/.test(protocol) && hostname !== "" && username !== "" && pathname.length > 1;
}
