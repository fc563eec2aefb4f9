import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { scratchFolder } from "../templates.ts";
import { selfSigned } from "./self-signed.ts";
import { freePort } from "./start-server.ts";

/** A real PostgreSQL with a cluster of its own, on a free port of the loopback; ended and removed when disposed. */
export interface PostgresServer extends AsyncDisposable {
  host: string;
  port: number;
  /** Of the superuser, for what sets a test up; what is tested connects as a role that `sql` made. */
  url: string;
  /** The file of its own certificate, when its settings say `ssl: "on"`. */
  certificate: string;
  /** Where a role logs in, to the database `postgres` or another one. */
  urlOf(role: string, password: string, database?: string): string;
  /** Runs statements as superuser in one session, and gives what psql prints of their rows: unaligned, no header. */
  sql(text: string, database?: string): Promise<string>;
  /** Ends the server as a crash or a restart of the machine does, without forgetting the cluster. */
  stop(): Promise<void>;
  /** Starts it again, on its port. */
  start(): Promise<void>;
}

const [superuser, password] = ["postgres", "superuser's password"];
const longestStartMs = 60_000;
const run = promisify(execFile);

/** Settings of a server whose data nobody will miss. */
const throwAway = {
  fsync: "off",
  full_page_writes: "off",
  max_wal_senders: "0",
  wal_level: "minimal",
};

/** Starts one whose texts sort as English does, which is not the order of their bytes; `settings` are those of postgresql.conf. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const folder = scratchFolder("postgres");
  const cluster = {
    folder,
    data: join(folder, "data"),
    port: await freePort(),
    settings: { ...throwAway, ...settings },
  };
  const urlOf = (role: string, word: string, database = "postgres") =>
    `postgres://${encodeURIComponent(role)}:${encodeURIComponent(word)}@127.0.0.1:${cluster.port}/${database}`;
  let child: ChildProcess | null = null;
  const stop = async () => {
    if (child) await end(child);
    child = null;
  };
  const start = async () => {
    child = await serve(cluster);
  };
  try {
    makeCluster(cluster);
    await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    host: "127.0.0.1",
    port: cluster.port,
    url: urlOf(superuser, password),
    certificate: join(folder, "certificate.pem"),
    urlOf,
    sql: (text, database) => psql(urlOf(superuser, password, database), text),
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Cluster {
  folder: string;
  data: string;
  port: number;
  settings: Readonly<Record<string, string>>;
}

function makeCluster({ folder, data, settings }: Cluster): void {
  const words = join(folder, "password");
  writeFileSync(words, password);
  mkdirSync(data);
  for (const path of [folder, words, data]) if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid!);
  const options = ["--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"];
  const access = [`--username=${superuser}`, `--pwfile=${words}`, "--auth=scram-sha-256"];
  execFileSync(program("initdb"), ["-D", data, ...options, ...access], { ...owner, cwd: folder, stdio: "pipe" });
  if (settings.ssl === "on") giveCertificate(folder, data);
}

/** Under the names that the server looks for. */
function giveCertificate(folder: string, data: string): void {
  const { key, cert } = selfSigned(folder);
  for (const [name, content] of Object.entries({ "server.key": key, "server.crt": cert })) {
    writeFileSync(join(data, name), content, { mode: 0o600 });
    if (owner.uid !== undefined) chownSync(join(data, name), owner.uid, owner.gid!);
  }
}

/** The server refuses to be root, which tests in a container often are. */
const owner = userOf(process.getuid?.() === 0 ? "postgres" : null);

function userOf(name: string | null): { uid?: number; gid?: number } {
  if (name === null) return {};
  const [, , uid, gid] =
    /^([^:]*):[^:]*:(\d+):(\d+):/.exec(
      readFileSync("/etc/passwd", "utf8")
        .split("\n")
        .find((line) => line.startsWith(`${name}:`)) ?? "",
    ) ?? [];
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}

/** Debian keeps the server's programs off the path. */
function program(name: string): string {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there is no ${name}: run scripts/install-servers.sh postgres`);
  return found;
}

/** A shell between the two ends the server also when these tests are killed: then its standard input is closed. */
async function serve({ folder, data, port, settings }: Cluster): Promise<ChildProcess> {
  const given = Object.entries({ listen_addresses: "127.0.0.1", unix_socket_directories: folder, ...settings });
  const options = given.flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // A shell gives what it puts behind it an empty standard input, but for a descriptor of another number.
  const watch = "(cat <&3 > /dev/null; kill -QUIT $server) & exec 3<&-; wait $server";
  const script = `exec 3<&0; "$@" > "${folder}/log" 2>&1 < /dev/null 3<&- & server=$!; ${watch}`;
  const words = [program("postgres"), "-D", data, "-p", String(port), ...options];
  const child = spawn("sh", ["-c", script, "sh", ...words], {
    ...owner,
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const limit = AbortSignal.timeout(longestStartMs);
  while (child.exitCode === null && !limit.aborted) {
    const answer = await run(program("pg_isready"), ["-h", "127.0.0.1", "-p", String(port)]).catch(() => null);
    if (answer) return child;
    await pause(30);
  }
  await end(child);
  throw new Error(`PostgreSQL did not start:\n${readFileSync(join(folder, "log"), "utf8")}`);
}

async function end(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null ? once(child, "exit") : null;
  child.stdin?.end();
  await ended;
}

async function psql(url: string, text: string): Promise<string> {
  const words = ["--no-psqlrc", "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-", url];
  const child = run(program("psql"), words, { maxBuffer: 2 ** 28 });
  child.child.stdin?.end(text);
  return (await child).stdout.trimEnd();
}
