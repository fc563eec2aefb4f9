import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "../../scripts/cli/main.ts";
import { launcher, startServe } from "./serve-process.ts";
import { post, type ServedRegistry, servedRegistry, until } from "./served-registry.ts";
import { silentForge } from "./silent-forge.ts";

let registry: ServedRegistry;
beforeEach(async () => {
  registry = await servedRegistry();
});
afterEach(() => registry[Symbol.asyncDispose]());

async function refusal(...args: string[]): Promise<string> {
  const said: string[] = [];
  const stream = { write: (text: string) => said.push(text) };
  const { env, folder: directory } = registry.sandbox;
  const code = await main(["serve", "--port", "0", ...args], { env, directory, stdout: stream, stderr: stream });
  return `${code} ${said.join("").replaceAll(directory, "")}`;
}

describe("mergeml serve says what to mend", () => {
  it.each([
    [
      ["--registry", "origin.git", "--environment", "Staging"],
      /^2 .*Staging is no name of an environment.*--environment staging/s,
    ],
    [["--port", "http"], /^2 .*--port http is no port.*--port 8080/s],
    [["--poll", "0"], /^2 .*--poll 0 is not a positive whole number/s],
    [["--models", "Rent;Flats"], /^2 .*is no list of models.*--models flight-delay,diamond-price/s],
    [["--registry", "nowhere"], /^2 .*--registry nowhere: there is no such folder, and it is no address.*https:/s],
    [["--registry", "empty"], /^2 .*--registry \/empty is no git repository.*branch registry/s],
    [["--registry", "origin.git", "--models", "rant"], /^2 .*the registry has no model rant.*did you mean rent\?/s],
    [
      ["--registry", "origin.git", "--branch", "models"],
      /^2 .*origin\.git has no branch models.*mergeml init.*--branch/s,
    ],
    [
      ["--registry", "http://127.0.0.1:9/x.git"],
      /^3 .*registry http:\/\/127\.0\.0\.1:9\/x\.git cannot be read.*no copy of it/s,
    ],
  ])("to %j", async (args, expected) => {
    mkdirSync(join(registry.sandbox.folder, "empty"));
    expect(await refusal(...args)).toMatch(expected);
  });
});

it("says that nothing is in an environment yet, which may be a typing error", async () => {
  const { origin, env, folder } = registry.sandbox;
  const args = ["--registry", origin, "--environment", "stagign"];
  await using server = await startServe({ args, cwd: folder, env });
  await until(() => server.output().includes("0 models of"));
  expect(server.output()).toMatch(/warning: nothing is in stagign of .*origin\.git yet/);
});

it("looks at the registry on SIGHUP, and ends on SIGTERM with how much it answered", async () => {
  const { origin, env, folder } = registry.sandbox;
  const server = await startServe({ args: ["--registry", origin, "--poll", "600"], cwd: folder, env });
  const ask = () => post(`${server.url}/models/rent/predict`, [{ size: 5, city: "Ulm" }]);
  expect((await ask()).body).toEqual({ model: "rent", version: 1, predictions: [105] });
  await registry.promote(200);
  server.signal("SIGHUP");
  await until(() => server.output().includes("rent@2 answers, instead of version 1"));
  expect((await ask()).body.version).toBe(2);
  renameSync(origin, `${origin}.away`);
  server.signal("SIGHUP");
  await until(() => server.output().includes("the registry cannot be read, what is loaded goes on"));
  await server[Symbol.asyncDispose]();
  expect(server.output()).toMatch(/2 requests answered/);
});

it("hears a SIGHUP while it starts", async () => {
  await using forge = await silentForge();
  const { env, folder } = registry.sandbox;
  const args = ["serve", "--port", "0", "--registry", `${forge.url}/x.git`, "--cache", join(folder, "none")];
  const child = spawn(launcher, args, { cwd: folder, env: env as NodeJS.ProcessEnv, stdio: "ignore" });
  const ended = once(child, "close");
  await forge.asked;
  child.kill("SIGHUP");
  forge.hangUp();
  expect(await ended).toEqual([3, null]);
});
