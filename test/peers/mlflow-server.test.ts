import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHttpClient } from "../../pipelines/mlflow/http-client.ts";
import type { MirrorResult } from "../../pipelines/mlflow/mirror.ts";
import { mlflowApi } from "../../pipelines/mlflow/mlflow-api.ts";
import { uniqueKeys } from "../../pipelines/mlflow/mlflow-names.ts";
import { mirrorExperiment, mirrorRun, type RunFacts } from "../../pipelines/mlflow/run-facts.ts";
import { readServerSettings } from "../../pipelines/mlflow/server-settings.ts";
import { systemClock } from "../../pipelines/ports/host.ts";
import { featuresSql, flatsCsv, makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { type MlflowProcess, startMlflow } from "./mlflow-process.ts";
import { python } from "./virtual-environment.ts";

interface Tagged {
  tags?: { key: string; value: string }[];
}

let folder = "";
let server: MlflowProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-mlflow-"));
  const stores = [`sqlite:///${join(folder, "mlflow.db")}`, join(folder, "artifacts")] as const;
  const args = ["server", "--workers", "1", "--backend-store-uri", stores[0], "--artifacts-destination", stores[1]];
  server = await startMlflow(folder, args, "/health");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async <T>(path: string, body?: object): Promise<T> => {
  const init = body
    ? { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }
    : {};
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, init);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};

const tagsOf = ({ tags = [] }: Tagged) => Object.fromEntries(tags.map(({ key, value }) => [key, value]));

async function aliasesOf(name: string) {
  type Found = { registered_model: { aliases?: { alias: string; version: string }[] } };
  const { registered_model } = await ask<Found>(`registered-models/get?name=${name}`);
  return (registered_model.aliases ?? []).map(({ alias, version }) => `${alias}=${version}`);
}

interface ServerRun {
  info: { run_id: string; run_name: string; status: string; start_time: number; end_time: number };
  data: Tagged & { params?: Tagged["tags"]; metrics?: { key: string; value: number }[] };
}

/** Every run of a model, oldest first. */
async function runsOf(name: string): Promise<ServerRun[]> {
  const { experiment } = await ask<{ experiment: { experiment_id: string } }>(
    `experiments/get-by-name?experiment_name=${name}`,
  );
  const facts = { experiment_ids: [experiment.experiment_id], order_by: ["attributes.start_time ASC"] };
  return (await ask<{ runs?: ServerRun[] }>("runs/search", facts)).runs ?? [];
}

async function versionsOf(name: string) {
  type Version = Tagged & { version: string; run_id: string; source: string; status: string };
  const found = await ask<{ model_versions?: Version[] }>(`model-versions/search?filter=name%3D'${name}'`);
  return (found.model_versions ?? []).toSorted((a, b) => Number(a.version) - Number(b.version));
}

/** A model with its own name, so that the tests share one server. */
async function startModel(name: string, yaml = modelYaml({ name })): Promise<Scratch> {
  const scratch = makeScratch({ model: false });
  scratch.write(`models/${name}/model.yaml`, yaml);
  scratch.write(`models/${name}/features.sql`, featuresSql);
  scratch.write("data/flats.csv", flatsCsv());
  await scratch.facts(["init"]);
  scratch.env.MLFLOW_TRACKING_URI = server.url;
  return scratch;
}

describe("a real MLflow server mirrors the registry", () => {
  it("deploys arrive with run, files, version and alias, and load from there", async () => {
    using scratch = await startModel("deployed");
    const done = await scratch.facts<{ candidate: string; mlflow: object }>(["run", "deployed"]);
    expect(done.mlflow).toEqual({ state: "mirrored" });
    expect(await aliasesOf("deployed")).toEqual(["production=1"]);
    const [version] = await versionsOf("deployed");
    expect(version).toMatchObject({ version: "1", status: "READY" });
    expect(tagsOf(version!)).toMatchObject({
      "mergeml.version": "1",
      "mergeml.candidate": done.candidate,
      "mergeml.registry_commit": scratch.git("rev-parse", "origin/registry~1").trim(),
      "mergeml.verdict": "pass",
    });
    type Run = {
      run: { info: { status: string }; data: Tagged & { params: Tagged["tags"]; metrics: { key: string }[] } };
    };
    const { run } = await ask<Run>(`runs/get?run_id=${version?.run_id}`);
    expect(run.info.status).toBe("FINISHED");
    expect(tagsOf({ tags: run.data.params ?? [] })).toMatchObject({
      type: "gradient-boosting",
      seed: "7",
      trees: "10",
    });
    expect(run.data.metrics.map(({ key }) => key)).toEqual(expect.arrayContaining(["rmse", "naive/rmse"]));
    expect(loadedModelHash("models:/deployed@production")).toBe(scratchModelHash(scratch, "deployed", 1));
  });

  it("the alias follows promote, a revert by hand and sync; a second sync changes nothing", async () => {
    using scratch = await startModel("moved");
    await scratch.facts(["run", "moved"]);
    scratch.write("models/moved/model.yaml", modelYaml({ name: "moved", params: "{ trees: 40, max_leaves: 8 }" }));
    await scratch.facts(["run", "moved"]);
    expect(await aliasesOf("moved")).toEqual(["production=2"]);
    await scratch.facts(["promote", "moved", "--to", "1"]);
    expect(await aliasesOf("moved")).toEqual(["production=1"]);

    revertByHand(scratch, "first");
    expect(await aliasesOf("moved")).toEqual(["production=1"]);
    const repaired = await scratch.facts<MirrorResult>(["mlflow", "sync", "moved"]);
    expect(repaired.models).toEqual([
      { model: "moved", created: [], alias: { version: 2, mlflow_version: "2", changed: true }, notes: [] },
    ]);
    expect(await aliasesOf("moved")).toEqual(["production=2"]);

    const before = [await versionsOf("moved"), await ask("runs/search", { experiment_ids: ["1", "2", "3", "4"] })];
    expect((await scratch.facts<MirrorResult>(["mlflow", "sync"])).models[0]).toMatchObject({
      alias: { changed: false },
    });
    expect([await versionsOf("moved"), await ask("runs/search", { experiment_ids: ["1", "2", "3", "4"] })]).toEqual(
      before,
    );
  });

  it("every run of the run log arrives once, and one that was deleted or cut short there comes back", async () => {
    using scratch = await startModel("logged");
    scratch.env.MLFLOW_TRACKING_URI = undefined;
    await scratch.facts(["run", "logged"]);
    await scratch.facts(["train", "logged"]);
    scratch.write("models/logged/model.yaml", modelYaml({ name: "logged", params: "{ trees: 1, max_leaves: 2 }" }));
    await scratch.facts(["run", "logged"], 1);
    scratch.write("models/logged/features.sql", "SELECT id, size, rent FROM 'gone.csv'\n");
    await scratch.mergeml("train", "logged");
    scratch.env.MLFLOW_TRACKING_URI = server.url;
    const first = await scratch.mergeml("mlflow", "sync", "logged");
    expect(first.stdout).toContain("runs: 2 copied, 1 there before");
    const runs = await runsOf("logged");
    expect(runs.map(({ info, data }) => [info.status, tagsOf(data)["mergeml.verdict"]])).toEqual([
      ["FINISHED", "pass"],
      ["FINISHED", "fail"],
      ["FAILED", undefined],
    ]);
    const [, lost, broken] = runs as [ServerRun, ServerRun, ServerRun];
    expect(tagsOf({ tags: lost.data.params ?? [] })).toMatchObject({ trees: "1", max_leaves: "2", seed: "7" });
    expect(lost.data.metrics?.map(({ key }) => key)).toEqual(expect.arrayContaining(["rmse", "production/rmse"]));
    expect(tagsOf(lost.data)).toMatchObject({
      "mlflow.user": "Ada",
      "mergeml.commit": expect.stringMatching(/^[0-9a-f]{40}/),
    });
    expect(tagsOf(broken.data)["mergeml.error"]).toContain("gone.csv");
    const { metrics } = await ask<{ metrics: { step: number; value: number }[] }>(
      `metrics/get-history?run_id=${lost.info.run_id}&metric_key=${encodeURIComponent("training/train rmse")}`,
    );
    expect(metrics.map(({ step }) => Number(step))).toEqual([0, 1]);
    expect(metrics[1]!.value).toBeLessThan(metrics[0]!.value);

    await ask("runs/delete", { run_id: lost.info.run_id });
    await ask("runs/update", { run_id: broken.info.run_id, status: "RUNNING" });
    const repaired = await scratch.facts(["mlflow", "sync"]);
    expect(repaired).toMatchObject({ runs: { created: 1, completed: 1, present: 1, failed: [] } });
    const after = await runsOf("logged");
    expect(after.map(({ info }) => info.status)).toEqual(["FINISHED", "FINISHED", "FAILED"]);
    expect(await scratch.facts(["mlflow", "sync"])).toMatchObject({ runs: { created: 0, completed: 0, present: 3 } });
    expect(await runsOf("logged")).toEqual(after);
  });

  it("a search's trials are runs below the candidate's, once", async () => {
    const yaml = `${modelYaml({ name: "searched" })}search: { space: { max_leaves: [2, 4, 8] }, trials: 3 }\n`;
    using scratch = await startModel("searched", yaml);
    await scratch.facts(["train", "searched"]);
    const runs = await runsOf("searched");
    const [parent] = runs.filter(({ data }) => tagsOf(data)["mergeml.candidate"]);
    const trials = runs.filter(({ data }) => tagsOf(data)["mlflow.parentRunId"] === parent!.info.run_id);
    expect([runs.length, trials.length]).toEqual([4, 3]);
    expect(trials.every(({ info }) => info.status === "FINISHED")).toBe(true);
    const leaves = trials.map(({ data }) => tagsOf({ tags: data.params ?? [] }).max_leaves);
    expect(leaves.toSorted()).toEqual(["2", "4", "8"]);
    const [chosen] = trials.filter(({ data }) => tagsOf(data)["mergeml.winner"]);
    expect(tagsOf({ tags: parent!.data.params ?? [] }).max_leaves).toBe(
      tagsOf({ tags: chosen!.data.params ?? [] }).max_leaves,
    );
    expect(chosen!.data.metrics?.map(({ key }) => key)).toContain("validation/rmse");
    await ask("runs/delete", { run_id: trials[0]!.info.run_id });
    expect(await scratch.facts(["mlflow", "sync", "searched"])).toMatchObject({ runs: { completed: 1, created: 0 } });
    expect(await scratch.facts(["mlflow", "sync"])).toMatchObject({
      runs: { present: expect.any(Number), completed: 0 },
    });
    expect(await runsOf("searched")).toHaveLength(4);
  });

  it("the alias goes when nothing is in production any more", async () => {
    using scratch = await startModel("undeployed");
    await scratch.facts(["run", "undeployed"]);
    await scratch.facts(["rollback", "undeployed"]);
    expect(await aliasesOf("undeployed")).toEqual([]);
    expect(await versionsOf("undeployed")).toHaveLength(1);
  });

  it("a deploy while the server is down succeeds with a warning; sync makes up for it", async () => {
    using scratch = await startModel("missed");
    scratch.env.MLFLOW_TRACKING_URI = "http://ada:hunter2@127.0.0.1:9";
    const told = await scratch.mergeml("run", "missed");
    expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining("missed v1 is in production") });
    expect(told.stderr).toMatch(
      /warning: not copied to MLflow: the MLflow server at http:\/\/127\.0\.0\.1:9 cannot be reached/,
    );
    expect(told.stderr).not.toContain("hunter2");
    scratch.env.MLFLOW_TRACKING_URI = server.url;
    const { models } = await scratch.facts<MirrorResult>(["mlflow", "sync"]);
    expect(models).toMatchObject([{ created: [{ version: 1, mlflow_version: "1" }], alias: { changed: true } }]);
    expect(await aliasesOf("missed")).toEqual(["production=1"]);
  });

  it("the longest name, and a description with quotes, are taken", async () => {
    const name = `m-${"0123456789".repeat(6)}`;
    const yaml = modelYaml({ name }).replace("Monthly rent of a flat", `"'Ärger' % \`x\` ${"long ".repeat(100)}"`);
    using scratch = await startModel(name, yaml);
    expect(await scratch.facts(["run", name])).toMatchObject({ mlflow: { state: "mirrored" } });
    expect(await aliasesOf(name)).toEqual(["production=1"]);
  });

  it("names it refuses arrive as near ones, and a run of thousands of values whole", async () => {
    const refused = ["slice:origin=ATL", "../up", "/root", "a//b", "..", "é\u0301 (x)", "x".repeat(400), ""];
    const send = openHttpClient(readServerSettings({ MLFLOW_TRACKING_URI: server.url }), { clock: systemClock });
    const api = mlflowApi(send);
    const experiment = await mirrorExperiment(api, "refused");
    const numbered = [...refused, ...Array.from({ length: 300 }, (_, i) => `p${i}`)].map(
      (key) => [key, "y".repeat(6000)] as const,
    );
    const point = (key: string, step: number) => ({ key, value: step / 7, timestamp: 1, step });
    const curve = Array.from({ length: 2500 }, (_, step) => point("training/loss", step));
    const keys = [...uniqueKeys(refused.map((key) => [key, 0])).keys()];
    const facts: RunFacts = {
      model: "refused",
      mark: { key: "mergeml.candidate", value: "c-1" },
      name: "c-1",
      started: 1,
      ended: 2,
      status: "FINISHED",
      params: uniqueKeys(numbered),
      metrics: [...keys.map((key) => point(key, 0)), ...curve],
      tags: { "mergeml.environment": "z".repeat(8000) },
      trials: [],
    };
    const { run, created } = await mirrorRun(api, experiment, facts);
    expect(created).toBe(true);
    for (const key of refused) {
      const batch = { metrics: [], params: [{ key, value: "1" }], tags: [] };
      await expect(api.logBatch(run.info.run_id, batch)).rejects.toThrow("HTTP 400 INVALID_PARAMETER_VALUE");
    }
    type Run = {
      run: { info: { status: string }; data: { params: unknown[]; metrics: { key: string; step: number }[] } };
    };
    const { data, info } = (await ask<Run>(`runs/get?run_id=${run.info.run_id}`)).run;
    expect(info.status).toBe("FINISHED");
    expect(data.params).toHaveLength(308);
    expect(data.metrics).toHaveLength(9);
    expect(data.metrics.find(({ key }) => key === "training/loss")?.step).toBe(2499);
    const again = await mirrorRun(api, experiment, facts);
    expect([again.created, again.run.info.run_id]).toEqual([false, run.info.run_id]);
  });
});

/** As a person would in an editor or on the web: on another clone, without mergeml. */
function revertByHand(scratch: Scratch, clone: string): void {
  const git = scratch.clone(clone, "registry");
  git("revert", "--no-edit", "HEAD");
  git("push", "-q", "origin", "registry");
}

function scratchModelHash(scratch: Scratch, model: string, version: number): string {
  const bytes = execFileSync(
    "git",
    ["cat-file", "blob", `origin/registry:models/${model}/versions/${version}/model.onnx`],
    {
      cwd: scratch.root,
    },
  );
  return createHash("sha256").update(bytes).digest("hex");
}

/** MLflow's own client downloads and loads it. */
function loadedModelHash(uri: string): string {
  const program = [
    "import hashlib, mlflow, pathlib, sys",
    "folder = mlflow.artifacts.download_artifacts(sys.argv[1])",
    "mlflow.pyfunc.load_model(folder)",
    "print(hashlib.sha256(pathlib.Path(folder, 'model.onnx').read_bytes()).hexdigest())",
  ].join("\n");
  const env = { ...process.env, MLFLOW_TRACKING_URI: server.url, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false" };
  return execFileSync(python, ["-c", program, uri], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
