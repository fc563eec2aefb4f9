import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "../self-signed.ts";

/** A forge of this machine: git's own program behind HTTPS, for those who bring the token as a password. */
export interface GitServer extends AsyncDisposable {
  /** `https://127.0.0.1:…`, of the folder with repositories. */
  url: string;
  /** With which its certificate is believed. */
  certificate: string;
}

/** Serves the repositories in `folder`; `keep` is where the certificate may lie. */
export async function startGitServer(folder: string, keep: string, token: string): Promise<GitServer> {
  const { certificate, ...own } = selfSigned(keep);
  const server = createServer(own, (request, response) => {
    const [, password = ""] = /^Basic (.+)$/.exec(request.headers.authorization ?? "") ?? [];
    const given = Buffer.from(password, "base64").toString("utf8").split(":")[1];
    if (given === token) void backend(folder, request, response);
    else response.writeHead(401, { "www-authenticate": 'Basic realm="forge"' }).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** CGI, as https://git-scm.com/docs/git-http-backend says. */
async function backend(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "https://forge");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      ...{ GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: "1", PATH_INFO: pathname, QUERY_STRING: search.slice(1) },
      ...{ REQUEST_METHOD: request.method, CONTENT_TYPE: request.headers["content-type"] ?? "", REMOTE_USER: "x" },
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"] as string | undefined,
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  for await (const part of child.stdout) parts.push(part as Buffer);
  const answer = Buffer.concat(parts);
  const end = answer.indexOf("\r\n\r\n");
  const headers = answer
    .subarray(0, end)
    .toString()
    .split("\r\n")
    .map((line) => line.split(/: (.*)/s));
  const status = Number(headers.find(([name]) => name === "Status")?.[1]?.slice(0, 3) ?? 200);
  const others = headers.filter(([name]) => name !== "Status");
  response.writeHead(status, Object.fromEntries(others.map(([name, value]) => [name, value])));
  response.end(answer.subarray(end + 4));
}
