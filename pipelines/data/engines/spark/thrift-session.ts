import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../errors/expected-error.ts";
import type { SparkStatements } from "../spark-sql/allow-query.ts";
import { StatementError, statementReason } from "../spark-sql/statement-error.ts";
import { ThriftChannel, type ThriftLibrary } from "./thrift-channel.ts";

type Handle = Record<string, unknown>;

interface Status {
  statusCode: number;
  errorMessage?: string;
}

/** The calls of the service that are used, each of a request and an answer with its status. */
interface Service {
  openSession(request: object): Promise<{ status: Status; sessionHandle: Handle }>;
  executeStatement(request: object): Promise<{ status: Status; operationHandle: Handle & { hasResultSet: boolean } }>;
  getOperationStatus(request: object): Promise<{ status: Status; operationState: number; errorMessage?: string }>;
  getResultSetMetadata(request: object): Promise<{ status: Status; schema: { columns: { columnName: string }[] } }>;
  fetchResults(request: object): Promise<{ status: Status; results: { columns: ColumnSet[] } }>;
  cancelOperation(request: object): Promise<unknown>;
  closeOperation(request: object): Promise<unknown>;
  closeSession(request: object): Promise<unknown>;
}

/** Rows of one answer. */
const pageRows = 4096;

/** States of an operation, of TCLIService.thrift. */
const [initialized, running, finished, pending] = [0, 1, 2, 7];

/** Between two looks at a statement that runs: soon at first, every second in the end. */
const waits = [20, 50, 100, 200, 500, 1000];

/**
 * Opens a session in a Thrift server with these settings, which only statements of ours could change. They go with the request
 * that opens it, all at once; a server that does not take them so is told one by one.
 */
export async function openThriftSession(
  endpoint: Endpoint,
  settings: Readonly<Record<string, string>>,
): Promise<SparkStatements> {
  const { connections, HiveClient, HiveDriver, thrift } = await import("hive-driver");
  const { TCLIService, TCLIService_types: types } = thrift;
  const library = new connections.HttpConnection() as unknown as { thrift: ThriftLibrary };
  const channel = new ThriftChannel(endpoint, library.thrift);
  const client = new HiveClient(TCLIService, types);
  const connection = { getConnection: () => channel, isConnected: () => true };
  await client.connect({ host: "", port: 0 }, { connect: async () => connection });
  const service = new HiveDriver(types, client.getClient()) as unknown as Service;
  const configuration = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`set:${name}`, value]));
  const opened = await service.openSession({
    client_protocol: types.TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V8,
    configuration,
  });
  expectSuccess(opened.status);
  const session = new ThriftSession(service, opened.sessionHandle);
  try {
    for (const [name, value] of await unset(session, settings)) await session.rows(`SET ${name}=${value}`);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Those of the settings that are not in force: `SET` lists all that are not as they come. */
async function unset(session: ThriftSession, settings: Readonly<Record<string, string>>): Promise<[string, string][]> {
  const wanted = Object.entries(settings);
  if (wanted.length === 0) return [];
  const known = new Map((await session.rows("SET")).map(({ key, value }) => [String(key), String(value)]));
  return wanted.filter(([name, value]) => known.get(name) !== value);
}

function expectSuccess({ statusCode, errorMessage = "" }: Status): void {
  // SUCCESS, SUCCESS_WITH_INFO and STILL_EXECUTING are 0, 1 and 2.
  if (statusCode > 2) throw new StatementError(statementReason(errorMessage));
}

class ThriftSession implements SparkStatements {
  readonly #service: Service;
  readonly #sessionHandle: Handle;
  #running: Handle | null = null;

  constructor(service: Service, sessionHandle: Handle) {
    this.#service = service;
    this.#sessionHandle = sessionHandle;
  }

  async rows(statement: string): Promise<Record<string, unknown>[]> {
    const asked = { sessionHandle: this.#sessionHandle, statement, runAsync: true };
    const { status, operationHandle } = await this.#service.executeStatement(asked);
    expectSuccess(status);
    this.#running = operationHandle;
    try {
      await this.#finish(operationHandle);
      return operationHandle.hasResultSet ? await this.#fetch(operationHandle) : [];
    } finally {
      this.#running = null;
      await this.#service.closeOperation({ operationHandle }).catch(() => {}); // ends with the session at the latest
    }
  }

  async #finish(operationHandle: Handle): Promise<void> {
    for (let look = 0; ; look += 1) {
      const { status, operationState, errorMessage = "" } = await this.#service.getOperationStatus({ operationHandle });
      expectSuccess(status);
      if (operationState === finished) return;
      if (![initialized, running, pending].includes(operationState))
        throw new StatementError(statementReason(errorMessage));
      await sleep(waits[Math.min(look, waits.length - 1)]);
    }
  }

  async #fetch(operationHandle: Handle): Promise<Record<string, unknown>[]> {
    const metadata = await this.#service.getResultSetMetadata({ operationHandle });
    expectSuccess(metadata.status);
    const names = metadata.schema.columns.map(({ columnName }) => columnName);
    const rows: Record<string, unknown>[] = [];
    for (;;) {
      const page = await this.#service.fetchResults({
        operationHandle,
        orientation: 0,
        maxRows: pageRows,
        fetchType: 0,
      });
      expectSuccess(page.status);
      const found = rowsOfColumns(names, page.results.columns);
      if (found.length === 0) return rows;
      for (const row of found) rows.push(row);
    }
  }

  interrupt(): void {
    const operationHandle = this.#running;
    if (operationHandle) this.#service.cancelOperation({ operationHandle }).catch(() => {}); // asked again while it runs
  }

  async close(): Promise<void> {
    await this.#service.closeSession({ sessionHandle: this.#sessionHandle }).catch(() => {}); // the server ends it when idle
  }
}

/** Where a Thrift server answers, and what it is told about us; the header is a secret. */
export interface Endpoint {
  /** Without user and password. */
  url: string;
  authorization: string;
  /** The server for messages: host and port. */
  host: string;
}

/**
 * From the address that people write: `https://user:password@host:10001/cliservice`, or `http:` in a network of one's own. The
 * path is `/cliservice` unless there is another. Throws UserError, which tells nothing of the address.
 */
export function readEndpoint(address: string, variable: string): Endpoint {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new UserError({
      message: `${variable} is no address of a Spark Thrift server`,
      hint: "write https://user:password@host:10001/cliservice; the server listens so with hive.server2.transport.mode=http",
    });
  }
  const [user, password] = [url.username, url.password].map(decodeURIComponent);
  // A server that asks for nobody still wants both.
  const credentials = Buffer.from(`${user || "anonymous"}:${password || "anonymous"}`).toString("base64");
  const { origin, pathname, host, search } = url;
  return {
    url: `${origin}${pathname === "/" ? "/cliservice" : pathname}${search}`,
    authorization: `Basic ${credentials}`,
    host,
  };
}

/** A column of an answer, as the generated client reads it: values of one type, and a bit each that says which are null. */
type ColumnSet = Readonly<Record<string, { values: readonly unknown[]; nulls: Buffer } | null | undefined>>;

/** The rows of an answer that came by columns. */
function rowsOfColumns(names: readonly string[], columns: readonly ColumnSet[]): Record<string, unknown>[] {
  const cells = columns.map(cellsOf);
  return Array.from({ length: cells[0]?.length ?? 0 }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, cells[at]?.[row] ?? null])),
  );
}

function cellsOf(column: ColumnSet): unknown[] {
  const filled = Object.values(column).find((each) => each !== null && each !== undefined && "values" in each);
  if (!filled) return [];
  const { values, nulls } = filled;
  return values.map((value, at) => (((nulls[at >> 3] ?? 0) >> (at & 7)) & 1 ? null : plain(value)));
}

/** The library's 64-bit integers are eight bytes, most significant first. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("buffer" in value)) return value;
  const { buffer, offset } = value as { buffer: Buffer; offset: number };
  return Buffer.from(buffer).readBigInt64BE(offset);
}
