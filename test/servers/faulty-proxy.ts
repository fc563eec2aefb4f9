import { once } from "node:events";
import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/**
 * What happens to a request: its connection is cut before half of it was sent on, it is carried out and its answer is lost, cut in
 * the middle, shorter than it should be without saying so, or has another byte, or it is answered with a status.
 */
export type Fault = "cut-request" | "lost-answer" | "cut-answer" | "short-answer" | "wrong-byte" | "500" | "503";

export interface FaultyProxy extends AsyncDisposable {
  /** The address of the server, as seen through the proxy. */
  endpoint: string;
  /** Bytes of request bodies that came through, by method. */
  sent(): number;
  faults(): number;
}

/** A proxy that stands before a server of this machine and does to each request what `faultOf` says. */
export async function startFaultyProxy(
  target: string,
  faultOf: (request: { method: string; path: string; count: number }) => Fault | null = () => null,
): Promise<FaultyProxy> {
  const { origin, pathname } = new URL(target);
  let [count, bytes, faults] = [0, 0, 0];
  const server = createServer((incoming, answer) => {
    const fault = faultOf({ method: incoming.method ?? "", path: incoming.url ?? "", count: count++ });
    if (fault !== null) faults += 1;
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    incoming.on("error", () => {});
    answer.on("error", () => {});
    pass(origin, incoming, answer, fault);
  });
  server.on("connection", (socket) => socket.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}${pathname === "/" ? "" : pathname}`,
    sent: () => bytes,
    faults: () => faults,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function pass(origin: string, incoming: IncomingMessage, answer: ServerResponse, fault: Fault | null): void {
  if (fault === "500" || fault === "503") {
    incoming.resume();
    incoming.on("end", () => answer.writeHead(Number(fault), { "content-length": "0" }).end());
    return;
  }
  const hangUp = () => incoming.socket.destroy();
  const onward = request(`${origin}${incoming.url}`, { method: incoming.method ?? "GET", headers: incoming.headers });
  onward.on("error", hangUp);
  if (fault === "cut-request") sendHalf(incoming, onward, hangUp);
  else incoming.pipe(onward);
  onward.on("response", (received) => {
    received.on("error", hangUp);
    const hasBody = incoming.method !== "HEAD" && Number(received.headers["content-length"] ?? 0) > 1;
    if (hasBody && (fault === "short-answer" || fault === "wrong-byte")) sendChanged(received, answer, fault);
    else if (fault === "cut-answer" && hasBody) sendPart(received, answer, hangUp);
    else if (fault === "lost-answer" || fault === "cut-answer") received.resume().on("end", hangUp);
    else received.pipe(answer.writeHead(received.statusCode ?? 200, received.headers));
  });
}

function sendHalf(incoming: IncomingMessage, onward: ClientRequest, hangUp: () => void): void {
  let left = Math.floor(Number(incoming.headers["content-length"] ?? 0) / 2);
  const cut = () => {
    onward.destroy();
    hangUp();
  };
  if (left === 0) cut();
  incoming.on("data", (chunk: Buffer) => {
    if (left > 0) onward.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) cut();
  });
}

function sendPart(received: IncomingMessage, answer: ServerResponse, hangUp: () => void): void {
  answer.writeHead(received.statusCode ?? 200, received.headers);
  received.once("data", (chunk: Buffer) => {
    const whole = Number(received.headers["content-length"]);
    answer.write(chunk.subarray(0, Math.floor(Math.min(chunk.length, whole) / 2)), hangUp);
    received.destroy();
  });
}

function sendChanged(received: IncomingMessage, answer: ServerResponse, fault: "short-answer" | "wrong-byte"): void {
  const whole = Number(received.headers["content-length"]);
  const bytes = fault === "short-answer" ? Math.floor(whole / 2) : whole;
  let at = 0;
  answer.writeHead(received.statusCode ?? 200, { ...received.headers, "content-length": String(bytes) });
  received.on("data", (chunk: Buffer) => {
    const part = chunk.subarray(0, Math.max(0, bytes - at));
    const wrong = Math.floor(whole / 2) - at;
    if (fault === "wrong-byte" && wrong >= 0 && wrong < part.length) part[wrong]! ^= 1;
    at += chunk.length;
    answer.write(part);
  });
  received.on("end", () => answer.end());
}
