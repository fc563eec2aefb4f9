import { readdirSync, rmSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { TrialSetup } from "../../../pipelines/candidate/search/score-trial.ts";
import { runJobs } from "../../../pipelines/candidate/search/search-params.ts";
import { TrialWorker } from "../../../pipelines/candidate/search/trial-worker.ts";
import { EnvironmentError, UserError } from "../../../pipelines/errors/expected-error.ts";
import { scratchFolder } from "../../templates.ts";

const setup: TrialSetup = {
  parquet: "/nowhere/datasets/none.parquet",
  train: { fingerprint: `fp:${"0".repeat(32)}`, rows: 100, columns: [] },
  features: [{ name: "x", kind: "number" }],
  classes: [],
  target: "y",
  task: "regression",
  type: "linear",
  seed: 1,
  metric: "rmse",
  validation: 0.2,
  threads: 1,
};

test("a train split that is gone is the machine's error, told by the process", async () => {
  const work = async (_at: number, train: () => Promise<unknown>) => void (await train());
  const running = runJobs(setup, [{ params: {}, rows: null }], { parallel: 2, minutes: 1 }, work);
  await expect(running).rejects.toThrow(EnvironmentError);
  await expect(running).rejects.toThrow(/fp:0{32}/);
});

test("a process that takes too long is killed, and the error names the limit", async () => {
  await using worker = new TrialWorker(0.0001);
  const opening = worker.open(setup);
  await expect(opening).rejects.toThrow(UserError);
  await expect(opening).rejects.toThrow("a trial of the search took longer than 0.0001 minutes");
});

test("a process that is gone is said to be gone", async () => {
  const worker = new TrialWorker(1);
  await worker[Symbol.asyncDispose]();
  const error = await worker.run({ params: {}, rows: null }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EnvironmentError);
  expect((error as EnvironmentError).message).toBe("a trial's process ended early (SIGKILL)");
  expect((error as EnvironmentError).safe).toContain("the finished trials are kept");
});

test("without jobs no process is started", async () => {
  await expect(runJobs(setup, [], { parallel: 2, minutes: 1 }, async () => {})).resolves.toBeUndefined();
});

test("the next process finds what one compiled, though it was killed", async () => {
  const folder = scratchFolder("compiled");
  vi.stubEnv("NODE_COMPILE_CACHE", folder);
  try {
    const worker = new TrialWorker(1);
    await expect(worker.open(setup)).rejects.toThrow(EnvironmentError);
    const compiled = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    await expect.poll(() => compiled().length, { timeout: 10_000 }).toBeGreaterThan(0);
    await worker[Symbol.asyncDispose]();
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});
