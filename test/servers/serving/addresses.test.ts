import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../../scripts/cli/main.ts";
import { type ServeProcess, startServe } from "../../serving/serve-process.ts";
import { post, type ServedRegistry, servedRegistry, until } from "../../serving/served-registry.ts";
import { type GitServer, startGitServer } from "./git-server.ts";

const token = "t0ken-of-a-forge-0123456789";
let registry: ServedRegistry;
let forge: GitServer;
beforeAll(async () => {
  registry = await servedRegistry();
  const keep = join(registry.sandbox.folder, "forge");
  mkdirSync(keep);
  forge = await startGitServer(registry.sandbox.folder, keep, token);
  registry.sandbox.plain(["config", "uploadpack.allowFilter", "true"], registry.sandbox.origin);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await forge[Symbol.asyncDispose]();
});

/** As the container has it: git asks a helper, which has the token from a variable. */
const helper = () => ({
  ...registry.sandbox.env,
  GIT_SSL_CAINFO: forge.certificate,
  FORGE_TOKEN: token,
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "credential.helper",
  GIT_CONFIG_VALUE_0: '!f() { echo username=x; echo "password=$FORGE_TOKEN"; }; f',
  GIT_TERMINAL_PROMPT: "0",
});
const url = () => `${forge.url}/origin.git`;
const withToken = () => url().replace("https://", `https://x-access-token:${token}@`);

/** Everything that lies in a folder, however deep. */
function contents(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return files.map((file) => (statSync(file).isFile() ? readFileSync(file, "latin1") : "")).join("\n");
}

async function served(server: ServeProcess, before: number): Promise<string> {
  const ask = () => post(`${server.url}/models/rent/predict`, [{ size: 5, city: "Ulm" }]);
  expect((await ask()).body).toMatchObject({ version: before });
  await registry.promote(100 * (before + 1));
  server.signal("SIGHUP");
  await until(async () => (await ask()).body.version === before + 1);
  const pages = await Promise.all(
    ["/", "/metrics", "/openapi.json"].map(async (path) => (await fetch(server.url + path)).text()),
  );
  return pages.join("\n");
}

describe("a registry by an address", () => {
  it.each([
    ["https, with a credential helper", () => url(), () => helper()],
    ["https, with the token in it", withToken, () => ({ ...registry.sandbox.env, GIT_SSL_CAINFO: forge.certificate })],
  ])("of %s is followed, and the token is written nowhere", async (name, address, environment) => {
    const { folder } = registry.sandbox;
    const cache = join(folder, `cache of ${name.length}`);
    const args = ["--registry", address(), "--cache", cache, "--poll", "600"];
    const server = await startServe({ args, cwd: folder, env: { ...environment(), MERGEML_DEBUG: "1" } });
    const version = Number((await post(`${server.url}/models/rent/predict`, [{ size: 5, city: "Ulm" }])).body.version);
    const pages = await served(server, version);
    await server[Symbol.asyncDispose]();
    expect(pages).toContain(new URL(url()).host);
    for (const text of [pages, server.output(), contents(cache)]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(Buffer.from(`x-access-token:${token}`).toString("base64"));
    }
  });

  it("whose token is wrong is told in words, without it", async () => {
    const wrong = withToken().replace(token, "an0ther-t0ken");
    const { env, folder: directory } = registry.sandbox;
    const said: string[] = [];
    const stream = { write: (text: string) => said.push(text) };
    const given = { ...env, GIT_SSL_CAINFO: forge.certificate, GIT_TERMINAL_PROMPT: "0" };
    const args = ["serve", "--port", "0", "--registry", wrong, "--cache", join(directory, "no cache")];
    expect(await main(args, { env: given, directory, stdout: stream, stderr: stream })).toBe(3);
    expect(said.join("")).toMatch(/cannot be read.*Authentication failed|cannot be read.*credentials/is);
    expect(said.join("")).not.toContain("an0ther-t0ken");
  });

  it("of ssh is followed, in both forms", async () => {
    const { folder, origin, env } = registry.sandbox;
    // What sshd would do with the command, without a network: host and options are its own.
    const ssh = join(folder, "ssh");
    writeFileSync(
      ssh,
      `#!/bin/sh\necho "$@" >> '${folder}/asked'\nwhile [ "$#" -gt 1 ]; do shift; done\nexec sh -c "$1"\n`,
    );
    chmodSync(ssh, 0o700);
    const given = { ...env, GIT_SSH_COMMAND: `'${ssh}'`, GIT_SSH_VARIANT: "ssh" };
    for (const [at, address] of [`git@forge.example:${origin}`, `ssh://git@forge.example:2222${origin}`].entries()) {
      const args = ["--registry", address, "--cache", join(folder, `ssh ${at}`), "--poll", "600"];
      const server = await startServe({ args, cwd: folder, env: given });
      const { body } = await post(`${server.url}/models/rent/predict`, [{ size: 5, city: "Ulm" }]);
      await served(server, body.version);
      await server[Symbol.asyncDispose]();
    }
    expect(readFileSync(join(folder, "asked"), "utf8")).toMatch(/git@forge\.example[^\n]*git-upload-pack/);
    expect(readFileSync(join(folder, "asked"), "utf8")).toMatch(/-p 2222 git@forge\.example/);
  });
});
