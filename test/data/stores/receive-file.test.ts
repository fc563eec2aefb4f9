import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashFile } from "../../../pipelines/data/hash-file.ts";
import { FinalError } from "../../../pipelines/data/object-storage/plain-answer.ts";
import { openAnswer, receiveFile } from "../../../pipelines/data/object-storage/stream-request.ts";

const large = randomBytes(33 * 1024 * 1024 + 7);
const small = randomBytes(70_001);
const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function received(content: Buffer, serve: RequestListener, bytes = content.length) {
  const server = createServer(serve).listen(0, "127.0.0.1");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-receive-"));
  const path = join(folder, "received");
  try {
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/content?a=b%20c`;
    const openFrom = (at: number) => openAnswer({ url, headers: { range: `bytes=${at}-` } }, bytes);
    const hash = await receiveFile(openFrom, { path, bytes, patience: 2 });
    return { hash, file: await readFile(path), again: await hashFile(path) };
  } finally {
    rmSync(folder, { recursive: true });
    server.closeAllConnections();
    server.close();
  }
}

const from = (range = "") => Number(/^bytes=(\d+)-$/.exec(range)?.[1]);

test.each<[string, Buffer, (content: Buffer) => RequestListener]>([
  [
    "whole, hashed in a thread",
    large,
    (content) => (_, answer) => answer.writeHead(206, { "content-length": content.length }).end(content),
  ],
  [
    "whole, a small one",
    small,
    (content) => (_, answer) => answer.writeHead(206, { "content-length": content.length }).end(content),
  ],
  [
    "in chunks without a length",
    small,
    (content) => (_, answer) => {
      answer.writeHead(206);
      for (let at = 0; at < content.length; at += 9_999) answer.write(content.subarray(at, at + 9_999));
      answer.end();
    },
  ],
  [
    "cut many times, going on where it was",
    large,
    (content) =>
      ({ headers }, answer) => {
        const start = from(headers.range);
        answer.writeHead(206, { "content-length": content.length - start });
        answer.write(content.subarray(start, start + 5_000_011), () => answer.destroy());
      },
  ],
  [
    "cut by a server that begins from the start again",
    small,
    (content) => {
      let asked = 0;
      return (_, answer) => {
        answer.writeHead(200, { "content-length": content.length });
        if (asked++ < 2) answer.write(content.subarray(0, 40_000 + asked), () => answer.destroy());
        else answer.end(content);
      };
    },
  ],
])("what arrives is hashed as it is written: %s", async (_, content, serve) => {
  const { hash, file, again } = await received(content, serve(content));
  expect(file.equals(content)).toBe(true);
  expect(hash).toBe(sha256(content));
  expect(again).toBe(hash);
});

test("a changed byte is another hash", async () => {
  const changed = Buffer.from(large);
  changed[20_000_000]! ^= 1;
  const { hash } = await received(large, (_, answer) =>
    answer.writeHead(206, { "content-length": large.length }).end(changed),
  );
  expect(hash).toBe(sha256(changed));
  expect(hash).not.toBe(sha256(large));
});

test.each<[string, RequestListener]>([
  ["by its length", (_, answer) => answer.writeHead(206, { "content-length": small.length }).end(small)],
  ["in chunks", (_, answer) => answer.writeHead(206).end(small)],
])("more than was stored is not written, %s", async (_, serve) => {
  await expect(received(small, serve, 50_000)).rejects.toThrow(FinalError);
});

test("a server that always ends early is given up", async () => {
  const serve: RequestListener = (_, answer) => {
    answer.writeHead(206, { "content-length": 10 });
    answer.flushHeaders();
    setTimeout(() => answer.destroy(), 5);
  };
  await expect(received(small, serve)).rejects.toThrow(/ends early|closed|reset|aborted/i);
});
