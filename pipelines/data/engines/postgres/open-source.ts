import { didYouMean, type EnvironmentError, UserError } from "../../../errors/expected-error.ts";
import type { PrepareJob } from "../engine.ts";
import { type Connection, connect } from "./connection.ts";

/** Of the session: all that an answer's text or the order of rows would else depend on, and what ends it when we are gone. */
function settings(seconds: number): Record<string, string> {
  const limit = Math.min(Math.ceil(seconds * 1000), 2 ** 31 - 1);
  return {
    statement_timeout: String(limit),
    idle_in_transaction_session_timeout: String(limit),
    // No name in a query is looked for elsewhere, least of all functions.
    search_path: "pg_catalog, pg_temp",
    client_encoding: "UTF8",
    standard_conforming_strings: "on",
    TimeZone: "UTC",
    DateStyle: "ISO, YMD",
    IntervalStyle: "postgres",
    bytea_output: "hex",
    extra_float_digits: "1",
    lc_time: "C",
    lc_numeric: "C",
    lc_monetary: "C",
    // One process that reads a table from its beginning: sums in floating point follow the order of rows.
    max_parallel_workers_per_gather: "0",
    synchronize_seqscans: "off",
    // Compiling the hashes of many columns takes longer than they do.
    jit: "off",
  };
}

/** Connects, and makes sure that it is to something a stranger's query may run on. */
export async function openSource(source: PostgresSource, { limits }: PrepareJob): Promise<Connection> {
  const connection = await connect(source, limits.seconds);
  try {
    const values = Object.entries(settings(limits.seconds));
    const set = values.map(([name, value]) => `set_config('${name}', '${value}', false)`).join(", ");
    await connection.query(`SELECT ${set.replaceAll("set_config", "pg_catalog.set_config")}`);
    await endWithUs(connection);
    await requireFit(connection, source);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A server looks whether its client is still there only when it is told to, and can since version 14. */
async function endWithUs(connection: Connection): Promise<void> {
  const set = "SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'";
  await connection.query(set).catch(() => {}); // some systems cannot; then the limit of time ends it
}

const powers = ["pg_read_server_files", "pg_write_server_files", "pg_execute_server_program"];

async function requireFit(connection: Connection, source: PostgresSource): Promise<void> {
  const held = powers.map((role) => `WHEN pg_has_role(current_user, '${role}', 'MEMBER') THEN 'a member of ${role}'`);
  const { rows } = await connection.query(`
    SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby,
      has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
      CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'a superuser' ${held.join(" ")} END AS power,
      (SELECT array_to_json(array_agg(nspname)) FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE')
        AND nspname !~ '^pg_' AND nspname <> 'information_schema')::text AS schemas`);
  const { encoding, standby, temporary, power, schemas } = rows[0] as Record<string, string | boolean | null>;
  const key = `sources.${source.name}`;
  if (power !== null) {
    const message = `source ${source.name} signs in as ${power}, and a query of a pull request must not have such powers`;
    throw new UserError({ message, hint: "use a role that may only read the schemas: see docs/data.md", key });
  }
  if (encoding !== "UTF8") {
    const message = `the database of source ${source.name} has the encoding ${encoding}, and the engine needs UTF8`;
    throw new UserError({ message, hint: "leave engine: duckdb, which reads the same tables", key });
  }
  requireSchemas(source, JSON.parse(String(schemas ?? "[]")) as string[]);
  if (standby === true || temporary !== true) throw noTemporaryTables(source, standby === true);
}

function requireSchemas({ name, schemas }: PostgresSource, there: readonly string[]): void {
  const missing = schemas.filter((schema) => !there.includes(schema));
  if (missing.length === 0) return;
  throw new UserError(
    missing.map((schema) => {
      const meant = didYouMean(schema, there);
      const hint = `${meant === null ? "" : `did you mean ${meant}?  `}it may use: ${there.join(", ") || "none"}; if it is there: GRANT USAGE ON SCHEMA ${schema} TO its role`;
      return {
        message: `source ${name} has no schema ${schema}, or its role may not use it`,
        hint,
        key: `sources.${name}.schemas`,
      };
    }),
  );
}

function noTemporaryTables(source: PostgresSource, standby: boolean): EnvironmentError | UserError {
  const key = `sources.${source.name}`;
  const message = standby
    ? `source ${source.name} is a standby, which has no temporary tables to keep the rows of a query in`
    : `the role of source ${source.name} may make no temporary tables in ${placeOf(source)}`;
  const hint = standby
    ? "name the primary server, or leave engine: duckdb, which reads from a standby too"
    : "GRANT TEMPORARY ON DATABASE … TO the role, or leave engine: duckdb";
  return new UserError({ message, hint, key });
}

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
