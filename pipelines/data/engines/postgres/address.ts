import { didYouMean } from "../../../errors/did-you-mean.ts";
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
  const unknown = unknownOption(url);
  if (unknown !== null) {
    const meant = didYouMean(unknown, options);
    // Of a password that is not written as it should be, a part may look like one.
    const message = `source ${name}: its address has ${meant === null ? "an option" : `the option ${unknown}`}, which PostgreSQL does not have`;
    const known = "options stand behind ?, as sslmode=require does, and & of a password is written %26";
    throw new UserError({ message, hint: meant === null ? known : `did you mean ${meant}?`, key });
  }
  const system = schemas.find((schema) => systemSchemas.test(schema));
  if (system === undefined && schemas.length > 0) return;
  const message =
    system === undefined
      ? `source ${name} names no schemas`
      : `source ${name} names ${system}, a schema of the server itself`;
  throw new UserError({ message, hint: "write the schemas that queries may read: schemas: [features]", key });
}

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS, and `ssl` as Java's driver has it. */
const options = [
  ..."host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout".split(" "),
  ..."client_encoding options application_name fallback_application_name keepalives keepalives_idle".split(" "),
  ..."keepalives_interval keepalives_count tcp_user_timeout gssencmode krbsrvname gsslib gssdelegation".split(" "),
  ..."ssl sslmode sslnegotiation sslcompression sslcert sslkey sslpassword sslcertmode sslrootcert sslcrl".split(" "),
  ..."sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version service".split(" "),
  ..."target_session_attrs load_balance_hosts uselibpqcompat".split(" "),
];

/** One that is misspelt would be left out without a word: `sslmod=require` encrypts nothing. */
function unknownOption(url: string): string | null {
  return [...new URL(url).searchParams.keys()].find((name) => !options.includes(name)) ?? null;
}

function isAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, pathname } = new URL(url);
  return /^postgres(ql)?:$/.test(protocol) && hostname !== "" && username !== "" && pathname.length > 1;
}
