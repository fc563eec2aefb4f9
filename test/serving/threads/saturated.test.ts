import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ServeOptions, Serving } from "../../../pipelines/serve.ts";
import { post, type ServedRegistry, servedRegistry, until } from "../served-registry.ts";

let registry: ServedRegistry;
beforeEach(async () => {
  registry = await servedRegistry();
  process.env.MERGEML_TEST_GATE = join(registry.sandbox.folder, "gate");
});
afterEach(async () => {
  letGo();
  await registry[Symbol.asyncDispose]();
});

/** Lets the thread go on. */
const letGo = () => rmSync(process.env.MERGEML_TEST_GATE!, { force: true });

const scoringProgram = new URL("./slow-thread.ts", import.meta.url);
const serve = (options: Partial<ServeOptions> = {}) => registry.serve({ scoringProgram, ...options });
const ask = (serving: Serving, rows: number) =>
  post(
    `${serving.url}/models/rent/predict`,
    Array.from({ length: rows }, (_, size) => ({ size, city: "Ulm" })),
  );
const metricsOf = async ({ url }: Serving) => (await fetch(`${url}/metrics`)).text();
/** Batches that were taken, and that the only thread does not get done. */
async function saturated(serving: Serving): Promise<ReturnType<typeof ask>[]> {
  writeFileSync(process.env.MERGEML_TEST_GATE!, "");
  const asked = Array.from({ length: 5 }, () => ask(serving, 400));
  await until(async () => (await metricsOf(serving)).includes("mergeml_in_flight_requests 5"));
  return asked;
}
const answered = (version: number, rows = 400) => ({
  status: 200,
  body: { version, predictions: Array.from({ length: rows }, (_, size) => version * 100 + size) },
});

it("while its threads have as much to do as may be taken, a server sends others away", async () => {
  const serving = await serve({ limits: { requests: 5 } });
  const batches = await saturated(serving);
  const { status, headers } = await ask(serving, 1);
  expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
  letGo();
  for (const each of batches) expect(await each).toMatchObject(answered(1));
  expect(await ask(serving, 1)).toMatchObject(answered(1, 1));
});

it("a promotion while batches wait: they end on their version, and new rows are the new one's", async () => {
  const serving = await serve();
  const batches = await saturated(serving);
  await registry.promote(200);
  serving.wake();
  await until(async () => (await ask(serving, 1)).body.version === 2);
  const later = ask(serving, 400);
  letGo();
  for (const each of batches) expect(await each).toMatchObject(answered(1));
  expect(await later).toMatchObject(answered(2));
});

it("a version that cannot be loaded while batches wait fails none of them", async () => {
  const serving = await serve();
  const batches = await saturated(serving);
  await registry.promote(200, "rent", Buffer.from([0x12, 1, 65]));
  serving.wake();
  await until(() => serving.facts().models[0]?.failures.length === 1);
  letGo();
  for (const each of batches) expect(await each).toMatchObject(answered(1));
  expect(await ask(serving, 400)).toMatchObject(answered(1));
});

it("batches that wait when the server is told to end are answered", async () => {
  const serving = await serve();
  const batches = await saturated(serving);
  const drained = serving.drain(20);
  letGo();
  for (const each of batches) expect(await each).toMatchObject(answered(1));
  expect(await drained).toBe(5);
});

it("a thread that dies answers 500 once, is replaced, and is counted", async () => {
  const serving = await serve();
  expect(await ask(serving, 400)).toMatchObject(answered(1));
  const { status, body } = await ask(serving, 413);
  expect([status, body.error]).toEqual([
    500,
    "rent@1 cannot score these rows: the thread that scored them ended: thirteen",
  ]);
  expect(await ask(serving, 400)).toMatchObject(answered(1));
  const metrics = await metricsOf(serving);
  for (const line of [
    "mergeml_scoring_threads_lost_total 1",
    'mergeml_refused_requests_total{status="500"} 1',
    'mergeml_failed_requests_total{model="rent",version="1",arm="production"} 1',
  ])
    expect(metrics).toContain(line);
});
