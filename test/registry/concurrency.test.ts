import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { makeSandbox } from "./builders.ts";

const writers = 8;
const versions = 20;
const script = join(import.meta.dirname, "register-process.ts");

it("8 processes registering 20 versions each: 160 versions, linear, none lost, each number once", async () => {
  using sandbox = makeSandbox();
  const { registry, plain, folder, env, origin } = sandbox;
  await registry.init();
  const run = promisify(execFile);
  const processes = Array.from({ length: writers }, async (_, index) => {
    const clone = join(folder, `writer-${index}`);
    plain(["clone", "-q", "--no-checkout", origin, clone], folder);
    await run(process.execPath, [script, clone, `writer-${index}`, String(versions)], {
      env: env as NodeJS.ProcessEnv,
    });
  });
  await Promise.all(processes);
  const total = writers * versions;
  const snapshot = await registry.snapshot();
  expect(await snapshot.versions("rent")).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  const ids = (await snapshot.records("rent")).map(({ candidate }) => candidate.id);
  expect(new Set(ids).size).toBe(total);
  expect(await snapshot.production("rent")).toMatchObject({ version: total });
  expect(plain(["rev-list", "--count", "--max-parents=1", "registry"], origin)).toBe(String(2 * total + 1));
  expect(plain(["rev-list", "--count", "--min-parents=2", "registry"], origin)).toBe("0");
  const sound = { since: null, problems: [], notes: [], models: 1, versions: total, promotions: total };
  expect(await registry.verify()).toEqual(sound);
}, 300_000);
