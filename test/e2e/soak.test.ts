import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openRegistrySource } from "../../pipelines/open-registry-source.ts";
import { openServingLog } from "../../pipelines/open-serving-log.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { type Serving, startServing } from "../../pipelines/serve.ts";
import { inEnvironment } from "../../pipelines/workspace/in-environment.ts";
import { makeScratch, type Scratch } from "../scratch.ts";
import { delaysCsv, delaysSql, delaysYaml } from "../watch/retrain/delays.ts";

const day = 86_400_000;

/** Midnight, so many days from now: what a version did in an environment is later than its promotion there. */
const midnight = (days: number) => new Date(Math.floor(Date.now() / day + days) * day);
const dateOf = (days: number) => midnight(days).toISOString().slice(0, 10);

const soaking = delaysYaml
  .replace(/^drift: .*$/m, "drift: { window: 1d, min_rows: 50, persist: 1 of 1 }")
  .concat("promote: { when: { clean_windows: 2, approval: false } }\n");

async function inStaging(): Promise<Scratch> {
  const scratch = makeScratch({ model: false });
  scratch.write("mergeml.yaml", "environments: [staging, production]\n");
  scratch.write("models/delays/model.yaml", soaking);
  scratch.write("models/delays/features.sql", delaysSql);
  scratch.write("data/delays.csv", delaysCsv());
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add a model");
  scratch.git("push", "-q");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "delays"]);
  return scratch;
}

/** The server of an environment, some days from now. */
async function serve({ root, env }: Scratch, environment: string, days: number): Promise<Serving> {
  const common = { env, clock: { now: () => new Date(midnight(days).getTime() + day / 2) }, log: silentLog };
  const checkout = await openWorkspace({ directory: root, ...common, useCache: true });
  const workspace = inEnvironment(checkout, environment);
  const place = { address: undefined, branch: "registry", environment, cache: join(root, "../cache"), directory: root };
  const source = await openRegistrySource({ ...place, ...common, workspace: async () => checkout });
  const owner = { host: "here", pid: process.pid, writer: `serve-${days}` };
  const predictionLog = await openServingLog({ given: undefined, ...place, ...common, workspace, owner });
  const listening = { host: "127.0.0.1", port: 0, poll: 100, token: null, webhookSecret: null, tool: "test" };
  return startServing({ source, models: null, ...listening, ...common, predictionLog, random: Math.random });
}

/** A day of requests like those that the model was trained on; gives the version that answered. */
async function serveDay(scratch: Scratch, environment: string, days: number): Promise<number> {
  const serving = await serve(scratch, environment, days);
  const rows = Array.from({ length: 303 }, (_, i) => ({ id: i, distance: (i * 37) % 101, weekday: i % 7 }));
  const body = JSON.stringify(rows);
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${serving.url}/models/delays/predict`, { method: "POST", headers, body });
  const { version } = (await answer.json()) as { version: number };
  await serving.drain(5);
  return version;
}

it("lets a version go on once it was clean where it runs, and never again what was taken back", {
  timeout: 120_000,
}, async () => {
  using scratch = await inStaging();
  const { mergeml, root } = scratch;
  const promote = (now: string) => mergeml("promote", "delays", "--when-clean", "--now", now);

  // Each environment has its log, and is looked at by it alone.
  expect(await serveDay(scratch, "staging", 1)).toBe(1);
  expect(existsSync(join(root, "predictions/staging/delays", dateOf(1)))).toBe(true);
  expect(existsSync(join(root, "predictions/delays"))).toBe(false);
  const once = await promote(dateOf(2));
  expect([once.code, once.stdout]).toEqual([1, expect.stringContaining("1 of 2 clean windows")]);
  expect((await mergeml("drift", "--now", dateOf(2))).stdout).toContain("nothing is in production");
  expect(await serveDay(scratch, "staging", 2)).toBe(1);
  const [checked] = (
    await scratch.facts<{ models: object[] }>(["drift", "--environment", "staging", "--now", dateOf(3)])
  ).models;
  expect(checked).toMatchObject({ model: "delays", version: 1, outcome: "clean", source: "log" });

  const done = await promote(dateOf(3));
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("delays: none -> 1 in production")]);
  scratch.git("fetch", "-q", "origin", "registry");
  expect(scratch.git("log", "-1", "--format=%s", "FETCH_HEAD").trim()).toBe("promote(delays): none -> 1");
  expect((await promote(dateOf(3))).stdout).toContain("nothing waits in staging");

  await scratch.facts(["rollback", "delays"]);
  const again = await promote(dateOf(3));
  expect([again.code, again.stdout]).toEqual([
    1,
    expect.stringContaining("v1 was rolled back in production: a person promotes it again"),
  ]);
});

it("refuses environments there are not, and rules that nothing follows from", async () => {
  using scratch = await inStaging();
  const refused = async (args: string[], message: string) => {
    const { code, stdout, stderr } = await scratch.mergeml(...args);
    expect([code, stdout + stderr]).toEqual([2, expect.stringContaining(message)]);
  };
  await refused(["serve", "--environment", "stagin"], "did you mean staging?");
  await refused(["drift", "--environment", "stagin"], "did you mean staging?");
  await refused(["drift", "delays"], "delays has nothing in production");
  await refused(["promote", "delays", "--when-clean", "--to", "staging"], "there is no environment before staging");
  await refused(
    ["serve", "--registry", "https://example.org/x.git", "--environment", "Staging"],
    "no name of an environment",
  );
  scratch.write("models/delays/model.yaml", soaking.replace("clean_windows: 2", "clean_window: 2"));
  await refused(["validate"], "did you mean clean_windows?");
  scratch.write("models/delays/model.yaml", soaking);
  scratch.write("mergeml.yaml", "environments: [production]\n");
  await refused(["validate"], "there is production alone");
  scratch.write("models/delays/model.yaml", delaysYaml);
  await refused(["promote", "delays", "--when-clean"], "there is no environment before production");
});
