import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openAzure, sharedKey } from "../../pipelines/data/object-storage/azure.ts";
import { openAwsCredentials } from "../../pipelines/data/object-storage/credentials.ts";
import type { ObjectStorage } from "../../pipelines/data/object-storage/object-storage.ts";
import { openS3 } from "../../pipelines/data/object-storage/s3.ts";
import type { HttpSettings } from "../../pipelines/data/object-storage/send-request.ts";
import { systemClock } from "../../pipelines/ports/host.ts";
import { freePort, scratchFolder, serverFolder, startServer } from "./start-server.ts";

/** A server with one empty bucket or container. */
export interface StorageServer extends AsyncDisposable {
  /** Its address, or that of a proxy before it. */
  endpoint: string;
  /** What a job that may write has in its environment. */
  env: Readonly<Record<string, string>>;
  /** `store` in mergeml.yaml, at a prefix of the bucket. */
  address(prefix: string, endpoint?: string): string;
  open(options?: { endpoint?: string; env?: Readonly<Record<string, string>>; patience?: Patience }): ObjectStorage;
}

type Patience = Pick<HttpSettings, "attempts" | "firstWait" | "timeoutMs">;

const bucket = "acme-models";
/** Of the servers that these tests start; they keep nothing and nobody out. */
export const secretKey = "s3cr3t-of-a-test-0123456789";

/** An S3 server over a folder. */
export async function startS3(): Promise<StorageServer> {
  const folder = await scratchFolder("s3");
  await mkdir(join(folder.path, bucket));
  const port = await freePort();
  const env = { AWS_ACCESS_KEY_ID: "key-of-a-test", AWS_SECRET_ACCESS_KEY: secretKey, AWS_REGION: "us-east-1" };
  const server = await startServer({
    command: join(serverFolder, "bin/versitygw"),
    args: ["--port", `127.0.0.1:${port}`, "posix", folder.path],
    env: { ROOT_ACCESS_KEY: env.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: secretKey },
    port,
  });
  const own = `http://127.0.0.1:${port}`;
  return {
    endpoint: own,
    env,
    address: (prefix, endpoint = own) => `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=us-east-1`,
    open({ endpoint = own, env: given = env, patience } = {}) {
      const signedIn = "AWS_SECRET_ACCESS_KEY" in given;
      const credentials = openAwsCredentials(signedIn ? "env" : "none", given, systemClock);
      const settings = { bucket, region: "us-east-1", endpoint, credentials, signedIn, clock: systemClock };
      return openS3({ ...settings, ...(patience && { patience }) });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The account and key that every Azurite has: https://learn.microsoft.com/azure/storage/common/storage-use-azurite */
const account = "devstoreaccount1";
const accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

async function createContainer(url: string): Promise<void> {
  const headers = { "x-ms-version": "2023-11-03", "x-ms-date": new Date().toUTCString() };
  const authorization = sharedKey({ method: "PUT", url, headers }, account, accountKey);
  const answer = await fetch(url, { method: "PUT", headers: { ...headers, authorization } });
  if (!answer.ok) throw new Error(`Azurite answered ${answer.status}: ${await answer.text()}`);
}

/** Azure's emulator. */
export async function startAzure(): Promise<StorageServer> {
  const folder = await scratchFolder("azure");
  const port = await freePort();
  const server = await startServer({
    command: process.execPath,
    args: [
      join(serverFolder, "azurite/node_modules/azurite/dist/src/blob/main.js"),
      ...["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--blobHost", "127.0.0.1"],
      ...["--blobPort", String(port), "--location", folder.path],
    ],
    port,
  });
  const own = `http://127.0.0.1:${port}/${account}`;
  await createContainer(`${own}/${bucket}?restype=container`);
  const env = { AZURE_STORAGE_KEY: accountKey };
  return {
    endpoint: own,
    env,
    address: (prefix, endpoint = own) => `azure://${account}/${bucket}/${prefix}?endpoint=${endpoint}`,
    open({ endpoint = own, env: given = env, patience } = {}) {
      const auth = given.AZURE_STORAGE_KEY
        ? ({ by: "key", account, key: given.AZURE_STORAGE_KEY } as const)
        : ({ by: "none" } as const);
      return openAzure({
        account,
        container: bucket,
        endpoint,
        auth,
        clock: systemClock,
        ...(patience && { patience }),
      });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
