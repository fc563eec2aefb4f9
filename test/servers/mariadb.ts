import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, scratchFolder, startServer } from "./start-server.ts";

const run = promisify(execFile);

/** A real MariaDB with data of its own, on a free port of the loopback, with a role `reader`. */
export interface MariadbServer extends AsyncDisposable {
  /** Where `reader` logs in. */
  url: string;
  /** Runs statements as the administrator. */
  sql(text: string): Promise<void>;
}

/** Starts one; it is ended and removed when disposed. */
export async function startMariadb(password: string): Promise<MariadbServer> {
  const folder = await scratchFolder("mariadb");
  const [data, socket] = [join(folder.path, "data"), join(folder.path, "socket")];
  await mkdir(data);
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  const common = ["--no-defaults", `--datadir=${data}`, ...user];
  await run("mariadb-install-db", [...common, "--auth-root-authentication-method=normal", "--skip-test-db"]);
  const port = await freePort();
  const args = [...common, `--port=${port}`, "--bind-address=127.0.0.1", `--socket=${socket}`, "--skip-log-bin"];
  const server = await startServer({ command: "mariadbd", args, port });
  const sql = async (text: string) => {
    await run("mariadb", ["--no-defaults", `--socket=${socket}`, "-u", "root", "-e", text]);
  };
  await sql(
    `CREATE USER reader@'127.0.0.1' IDENTIFIED BY '${password}'; CREATE USER reader@localhost IDENTIFIED BY '${password}'`,
  );
  return {
    url: `mysql://reader:${encodeURIComponent(password)}@127.0.0.1:${port}/features`,
    sql,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
