import { execFile, execFileSync } from "node:child_process";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { AwsV4Signer } from "aws4fetch";
import { hashFile } from "../../../pipelines/data/hash-file.ts";
import { serverFolder } from "../../../test/servers/start-server.ts";

const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

/** `aws s3 cp`, as it is installed from PyPI. */
export function awsTransfer(url: string, endpoint: string, env: Readonly<Record<string, string>>): PlainTransfer {
  const environment = join(root, ".cache/bench-data");
  const requirements = join(import.meta.dirname, "requirements.txt");
  execFileSync(join(root, "scripts/make-venv.sh"), [environment, "-r", requirements], { stdio: "inherit" });
  const copy = (from: string, to: string) =>
    run(join(environment, "bin/aws"), ["s3", "cp", "--endpoint-url", endpoint, "--only-show-errors", from, to], {
      env: { ...process.env, ...env },
    });
  return {
    send: async (path) => void (await copy(path, url)),
    receive: async (path) => void (await copy(url, path)),
  };
}

/** `oras push` and `oras pull` of an artifact with one file. `folder` is for what it signs in with, as Docker writes it, and what it pulls. */
export function orasTransfer(reference: string, folder: string, auth: string): PlainTransfer {
  execFileSync(join(root, "scripts/install-servers.sh"), ["oras"], { stdio: "inherit" });
  const config = join(folder, "oras.json");
  const oras = (cwd: string, ...args: string[]) =>
    run(join(serverFolder, "bin/oras"), [...args, "--plain-http", "--no-tty", "--registry-config", config], { cwd });
  const pulled = join(folder, "pulled");
  return {
    async send(path) {
      await writeFile(config, auth);
      await oras(dirname(path), "push", reference, basename(path));
    },
    async receive(path) {
      await mkdir(pulled, { recursive: true });
      await oras(pulled, "pull", reference);
      await rename(join(pulled, "content"), path);
      await rm(pulled, { recursive: true });
    },
  };
}

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
