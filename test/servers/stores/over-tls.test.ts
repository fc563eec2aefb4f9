import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAnswer, receiveFile } from "../../../pipelines/data/object-storage/stream-request.ts";
import { selfSigned } from "../self-signed.ts";
import { scratchFolder } from "../start-server.ts";

const content = randomBytes(20 * 1024 * 1024 + 3);
let folder: Awaited<ReturnType<typeof scratchFolder>>;
let server: Server;
let [port, answered] = [0, 0];
let certificate: Buffer;

beforeAll(async () => {
  folder = await scratchFolder("over-tls");
  const { key, cert } = selfSigned(folder.path);
  certificate = cert;
  server = createServer({ key, cert }, ({ headers }, answer) => {
    answered += 1;
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    answer.writeHead(206, { "content-length": content.length - start });
    if (start === 0) answer.write(content.subarray(0, 7_000_011), () => answer.destroy());
    else answer.end(content.subarray(start));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo);
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await folder?.[Symbol.asyncDispose]();
});

function receivedFrom(host: string) {
  const path = join(folder.path, "received");
  const ask = (at: number) =>
    openAnswer({ url: `https://${host}:${port}/content`, headers: { range: `bytes=${at}-` } }, content.length);
  return receiveFile(ask, { path, bytes: content.length, patience: 0 }).then(async (sha256) => {
    return { sha256, file: await readFile(path) };
  });
}

test("a server is asked for nothing before its certificate is believed, and is its own", async () => {
  await expect(receivedFrom("127.0.0.1")).rejects.toThrow("self-signed certificate");
  setDefaultCACertificates([...getCACertificates("default"), certificate.toString()]);
  await expect(receivedFrom("localhost")).rejects.toThrow("does not match certificate's altnames");
  expect(answered).toBe(0);
  const { sha256, file } = await receivedFrom("127.0.0.1");
  expect(sha256).toBe(`sha256:${createHash("sha256").update(content).digest("hex")}`);
  expect(file.equals(content)).toBe(true);
  expect(answered).toBe(2);
});
