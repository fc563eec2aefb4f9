import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AwsV4Signer } from "aws4fetch";

/** Sends a file and reads it again the plainest way there is: one request each, streamed, and nothing checked. */
export interface PlainTransfer {
  send(path: string, bytes: number): Promise<void>;
  receive(path: string): Promise<void>;
}

function bodyOf(path: string): ReadableStream {
  return Readable.toWeb(createReadStream(path, { highWaterMark: 1024 * 1024 })) as ReadableStream;
}

async function save(response: Response, path: string): Promise<void> {
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(path, { highWaterMark: 1024 * 1024 }));
}

/** One signed PUT, its payload unsigned, and one GET. */
export function plainS3(url: string, keys: { accessKeyId: string; secretAccessKey: string }): PlainTransfer {
  const signed = async (method: string, headers: Record<string, string>) =>
    new AwsV4Signer({ method, url, headers, ...keys, region: "us-east-1", service: "s3" }).sign();
  return {
    async send(path, bytes) {
      const { headers } = await signed("PUT", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
      headers.set("content-length", String(bytes));
      const answer = await fetch(url, { method: "PUT", headers, body: bodyOf(path), duplex: "half" } as RequestInit);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
    },
    async receive(path) {
      const { headers } = await signed("GET", {});
      await save(await fetch(url, { headers }), path);
    },
  };
}

/** POST and one PUT, as `oras push` does, and one GET. The registry itself checks the digest. */
export function plainRegistry(base: string, authorization: string, digest: string): PlainTransfer {
  return {
    async send(path, bytes) {
      const started = await fetch(`${base}/blobs/uploads/`, { method: "POST", headers: { authorization } });
      const url = new URL(started.headers.get("location") ?? "", base);
      url.searchParams.set("digest", digest);
      const headers = { authorization, "content-length": String(bytes), "content-type": "application/octet-stream" };
      const answer = await fetch(url, { method: "PUT", headers, body: bodyOf(path), duplex: "half" } as RequestInit);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
    },
    async receive(path) {
      await save(await fetch(`${base}/blobs/${digest}`, { headers: { authorization } }), path);
    },
  };
}
