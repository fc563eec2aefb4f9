import type { QueryResult as Answer, Client, ClientConfig } from "pg";
import type { PostgresSource } from "./open-source.ts";

/** A connection on which one statement runs at a time, and which ends when its time is up, whatever the server does. */
export interface Connection {
  /** Runs one statement or, without values, several; the answer is that of the last. */
  query(sql: string, values?: readonly unknown[]): Promise<Answer>;
  /** Lends the client for what `query` cannot do. */
  use<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Seconds that are left. */
  left(): number;
  /** Asks the server to give up what runs now. */
  cancel(): void;
  close(): Promise<void>;
}

/** How long a server may take to let us in, and to end a statement that was cancelled. */
const [patienceMs, graceMs] = [15_000, 3_000];

/** Work on a connection was given up because its time was up. */
export class TimeIsUp extends Error {}

/** Connects once. `seconds` are those in which the server has to do its work for us; between two statements the clock stands. */
export async function connect({ url }: Pick<PostgresSource, "url">, seconds: number): Promise<Connection> {
  const { default: pg } = await import("pg");
  const config: ClientConfig = {
    connectionString: url,
    // One that the address lacks: the library would look for it in this process's environment and in files.
    password: () => "",
    connectionTimeoutMillis: patienceMs,
    keepAlive: true,
    application_name: "mergeml",
    types: { getTypeParser: parserOf as ClientConfig["types"] extends { getTypeParser: infer Get } ? Get : never },
  };
  const open = () => opened(new pg.Client(config));
  const client = await open();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return limited(client, seconds, () => void cancelled(open, rows[0]!.pid));
}

async function opened(client: Client): Promise<Client> {
  client.on("error", () => {}); // an idle connection that is cut says so to the next statement
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  }
}

/** 64-bit integers as bigints, numbers of any size as their digits, dates as texts. */
function parserOf(oid: number): (text: string) => unknown {
  if (oid === 16) return (text) => text === "t";
  if (oid === 20) return BigInt;
  return [21, 23, 26, 700, 701].includes(oid) ? Number : String;
}

function limited(client: Client, seconds: number, cancel: () => void): Connection {
  let left = seconds * 1000;
  const use = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const started = performance.now();
    const limit = endAfter(client, left, cancel);
    try {
      return await work(client);
    } catch (error) {
      throw limit.reached() ? new TimeIsUp("the time is up", { cause: error }) : error;
    } finally {
      limit.stop();
      left -= performance.now() - started;
    }
  };
  return {
    use,
    query: (sql, values) => use((on) => (values ? on.query(sql, [...values]) : on.query(sql))),
    left: () => left / 1000,
    cancel,
    close: () => closed(client),
  };
}

/** A server may be gone without a word, or too busy to hear; then nothing but ending the connection ends the wait. */
function endAfter(client: Client, ms: number, cancel: () => void): { reached(): boolean; stop(): void } {
  let reached = false;
  let last: NodeJS.Timeout | undefined;
  const first = setTimeout(
    () => {
      reached = true;
      cancel();
      last = setTimeout(() => client.connection.stream.destroy(), graceMs);
    },
    Math.max(0, Math.min(ms, 2 ** 31 - 1)),
  );
  return {
    reached: () => reached,
    stop() {
      clearTimeout(first);
      clearTimeout(last);
    },
  };
}

/** Whether it arrives is nobody's promise: the server's own limit of time holds too. */
async function cancelled(open: () => Promise<Client>, pid: number): Promise<void> {
  try {
    const other = await open();
    await other.query("SELECT pg_catalog.pg_cancel_backend($1)", [pid]).finally(() => closed(other));
  } catch {
    // The connection is ended a moment later.
  }
}

async function closed(client: Client): Promise<void> {
  const patience = setTimeout(() => client.connection.stream.destroy(), graceMs);
  await client.end().catch(() => {});
  clearTimeout(patience);
}
