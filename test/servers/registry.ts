import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, scratchFolder, startServer } from "./start-server.ts";

/** A registry of containers that takes one user. */
export interface RegistryServer extends AsyncDisposable {
  endpoint: string;
  /** DOCKER_AUTH_CONFIG for it, and for the proxies before it. */
  auth(hosts: readonly string[]): string;
  password: string;
}

const user = "ada";
const password = "pa55word-of-a-test";
/** bcrypt of the above, as `htpasswd -B` writes it. */
const htpasswd = `${user}:$2b$05$OeqytTaMmdbGWYa0hmen4.z9h1OT4PM3K76hNSEQ8KvEbcVgySnMa\n`;

export async function startRegistry(): Promise<RegistryServer> {
  const folder = await scratchFolder("registry");
  const port = await freePort();
  await writeFile(join(folder.path, "htpasswd"), htpasswd);
  const config = {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(folder.path, "data") }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: "of-a-test" },
    auth: { htpasswd: { realm: "test", path: join(folder.path, "htpasswd") } },
  };
  await writeFile(join(folder.path, "config.yml"), JSON.stringify(config));
  const args = ["serve", join(folder.path, "config.yml")];
  const server = await startServer({ command: "docker-registry", args, port });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    password,
    auth: (hosts) => {
      const auth = Buffer.from(`${user}:${password}`).toString("base64");
      return JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth }])) });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
