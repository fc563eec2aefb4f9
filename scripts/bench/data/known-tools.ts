import { execFile, execFileSync } from "node:child_process";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { serverFolder } from "../../../test/servers/start-server.ts";
import type { PlainTransfer } from "./plain-transfer.ts";

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
