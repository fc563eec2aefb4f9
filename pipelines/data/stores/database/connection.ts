import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { innermostMessage } from "../../../ports/request.ts";
import { encryptionWords } from "../../encryption-words.ts";
import { clean, ServerError } from "../../object-storage/send-request.ts";

/** Does something with a connection, and once more from the start when the connection is lost: it must be such that twice is as once. */
type UseDatabase = <T>(tried: string, work: (client: Client) => Promise<T>) => Promise<T>;

export interface DatabaseConnection extends AsyncDisposable {
  use: UseDatabase;
}

const connectMs = 15_000;
/** For one statement, and for all that is done in one go. */
const [statementMs, workMs] = [10 * 60_000, 60 * 60_000];
const attempts = 5;

/** A connection that is opened when it is needed, opened anew when it is lost, and used by one at a time. */
export function openDatabase({ url, title }: { url: string | null; title: string }): DatabaseConnection {
  let client: Client | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  const drop = () => {
    client?.connection.stream.destroy();
    client = null;
  };
  const once = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    client ??= await connect(url);
    const limit = setTimeout(drop, workMs);
    try {
      return await work(client);
    } finally {
      clearTimeout(limit);
    }
  };
  const patiently = async <T>(tried: string, work: (client: Client) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(work);
      } catch (error) {
        drop();
        if (attempt === attempts || !isLost(error)) throw explained(error, { url, title, tried });
        await sleep(100 * 2 ** attempt);
      }
    }
  };
  return {
    use(tried, work) {
      if (url === null) return Promise.reject(unset(title));
      const done = queue.then(() => patiently(tried, work));
      queue = done.catch(() => {});
      return done;
    },
    async [Symbol.asyncDispose]() {
      const ending = client?.end().catch(() => {});
      await Promise.race([ending, sleep(3_000, undefined, { ref: false })]);
      drop();
    },
  };
}

async function connect(url: string | null): Promise<Client> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    connectionString: url ?? "",
    // One that the address lacks: the library would look for it in this process's environment and in files.
    password: () => "",
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    keepAlive: true,
    application_name: "mergeml store",
  });
  client.on("error", () => {}); // a connection that is cut while idle says so to the next statement
  await client.connect();
  return client;
}

/** Whether the connection is gone or could not be had now: see PostgreSQL's appendix A. */
function isLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) return /^(08...|57P0[123]|53300|40001|40P01)$/.test(code);
  return /terminat|closed|ECONN|EPIPE|ETIMEDOUT|timeout|not queryable|reset/i.test(innermostMessage(error as Error));
}

/** How to mend what PostgreSQL refuses, by SQLSTATE. */
const cures: Readonly<Record<string, string>> = {
  "28P01": "the server refuses the password",
  "28000": "the server does not let this user in",
  "3D000": "there is no such database",
  "3F000": "there is no such schema, and this user may not create it",
  "42501": "this user lacks a right: a store needs CREATE on its schema",
  "53100": "the server's disk is full",
  "57014": "it took longer than the server allows",
};

interface Explaining {
  url: string | null;
  title: string;
  tried: string;
}

function explained(error: unknown, { url, title, tried }: Explaining): unknown {
  if (!(error instanceof Error) || error instanceof ServerError) return error;
  const { code } = error as { code?: unknown };
  const state = typeof code === "string" ? code : null;
  const fromServer = state !== null && /^[0-9A-Z]{5}$/.test(state);
  const insecure = encryptionWords(error);
  if (!fromServer && !isLost(error) && insecure === null) return error;
  const cure = fromServer && state !== null ? cures[state] : undefined;
  const words = insecure ?? `${innermostMessage(error)}${cure ? `: ${cure}` : ""}`;
  const text = fromServer ? `${title} refused it (${words})` : `${title} cannot be reached: ${words}`;
  const status = state === "28P01" || state === "28000" ? 401 : null;
  return new ServerError(clean(text, { secrets: secretsOf(url) }), tried, { status, code: state });
}

function secretsOf(url: string | null): string[] {
  const password = url !== null && URL.canParse(url) ? new URL(url).password : "";
  return [url ?? "", password, decodeURIComponent(password)];
}

function unset(title: string): ServerError {
  const message = `${title} cannot be used: the environment variable with its address is not set`;
  return new ServerError(message, "to connect", { status: 401, code: null });
}
