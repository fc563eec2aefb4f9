import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";

/** Where act keeps artifacts, and what the toolkit must be told instead so that both understand each other. */
export interface ArtifactProxy extends AsyncDisposable {
  /** Port for act's own artifact server. */
  port: number;
  /** For ACTIONS_RUNTIME_URL. */
  url: string;
}

/**
 * Stands between GitHub's artifact client and act's artifact server, which are strict in two places where GitHub is not:
 * the signature at the end of an address must keep its base64 padding, which the Azure client strips, and its answers name
 * act's own port. Nothing else is changed.
 */
export async function startArtifactProxy(): Promise<ArtifactProxy> {
  const port = await freePort();
  const server = createServer((incoming, outgoing) => forward(incoming, outgoing, port, portOf(server)));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port,
    url: `http://127.0.0.1:${portOf(server)}/`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: number, own: number): void {
  const headers = { ...incoming.headers, host: `127.0.0.1:${target}` };
  const options = {
    host: "127.0.0.1",
    port: target,
    method: incoming.method,
    path: padded(incoming.url ?? "/"),
    headers,
  };
  const passed = request(options, (answer) => void reply(answer, outgoing, target, own));
  passed.on("error", (error) => outgoing.destroy(error));
  incoming.pipe(passed);
}

async function reply(answer: IncomingMessage, outgoing: ServerResponse, target: number, own: number): Promise<void> {
  if (!`${answer.headers["content-type"]}`.includes("json")) {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    return;
  }
  const chunks = await answer.toArray();
  const body = Buffer.concat(chunks).toString().replaceAll(`127.0.0.1:${target}`, `127.0.0.1:${own}`);
  const { "content-length": _, ...headers } = answer.headers;
  outgoing.writeHead(answer.statusCode ?? 502, headers).end(body);
}

/** A signature of 32 bytes is 44 characters in base64, the last of them `=`. */
function padded(path: string): string {
  return path.replace(
    /([?&]sig=)([\w-]+)(?=&|$)/,
    (_, name, sig) => name + sig + "=".repeat((4 - (sig.length % 4)) % 4),
  );
}

async function freePort(): Promise<number> {
  const probe = createSocketServer();
  await new Promise<void>((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
