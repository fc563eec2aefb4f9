import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AwsV4Signer } from "aws4fetch";
import { hashFile } from "../../../pipelines/data/hash-file.ts";

/** Sends a file and reads it again the plainest way there is: by curl, in one request each, with nothing checked. */
export interface PlainTransfer {
  send(path: string): Promise<void>;
  receive(path: string): Promise<void>;
}

async function curl(url: string, headers: Iterable<[string, string]>, options: readonly string[]): Promise<void> {
  const given = [...headers].flatMap(([name, value]) => ["--header", `${name}: ${value}`]);
  await promisify(execFile)("curl", ["--silent", "--show-error", "--fail", ...given, ...options, url]);
}

/** One signed PUT, its payload unsigned, and one GET. */
export function plainS3(url: string, keys: { accessKeyId: string; secretAccessKey: string }): PlainTransfer {
  const signed = async (method: string, headers: Record<string, string>) =>
    (await new AwsV4Signer({ method, url, headers, ...keys, region: "us-east-1", service: "s3" }).sign()).headers;
  return {
    async send(path) {
      const headers = await signed("PUT", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
      await curl(url, headers, ["--upload-file", path]);
    },
    async receive(path) {
      await curl(url, await signed("GET", {}), ["--output", path]);
    },
  };
}

/** POST and one PUT, as `oras push` does, and one GET. The registry itself checks the digest, which is computed first. */
export function plainRegistry(base: string, authorization: string): PlainTransfer {
  let digest = "";
  return {
    async send(path) {
      digest = await hashFile(path);
      const started = await fetch(`${base}/blobs/uploads/`, { method: "POST", headers: { authorization } });
      const url = new URL(started.headers.get("location") ?? "", base);
      url.searchParams.set("digest", digest);
      const headers = { authorization, "content-type": "application/octet-stream" };
      await curl(url.href, Object.entries(headers), ["--upload-file", path]);
    },
    async receive(path) {
      await curl(`${base}/blobs/${digest}`, Object.entries({ authorization }), ["--output", path]);
    },
  };
}
