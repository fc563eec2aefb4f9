import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MirrorResult } from "../../pipelines/mlflow/mirror.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { initialised, makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { type Fault, type MlflowDouble, startMlflowDouble } from "./mlflow-double.ts";

const tagOf = ({ tags }: { tags: { key: string; value: string }[] }, key: string) =>
  tags.find((tag) => tag.key === key)?.value;
const sync = (scratch: Scratch, code = 0) => scratch.facts<MirrorResult>(["mlflow", "sync"], code);
const writes = ({ received }: MlflowDouble) =>
  received.filter(({ method, url }) => method !== "GET" && !url.endsWith("runs/search")).length;

async function deployed(fault?: Fault, root?: string) {
  const scratch = await initialised();
  const server = await startMlflowDouble(fault, root);
  scratch.env.MLFLOW_TRACKING_URI = server.url;
  const told = await scratch.mergeml("run", "rent");
  const dispose = async () => {
    scratch[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  };
  return { scratch, server, told, [Symbol.asyncDispose]: dispose };
}

describe("the MLflow mirror", () => {
  it("follows deploy, rollback and promote, and changes nothing when it is right", async () => {
    await using made = await deployed();
    const { scratch, server, told } = made;
    expect(told.code).toBe(0);
    expect(told.stderr).toMatch(/mlflow +rent: v1 copied, alias production at v1/);
    const [version] = server.kept.versions;
    const [run] = server.kept.runs;
    expect(version).toMatchObject({
      name: "rent",
      version: "1",
      source: `mlflow-artifacts:/1/${run?.info.run_id}/artifacts/model`,
    });
    expect(tagOf(version!, "mergeml.version")).toBe("1");
    expect(tagOf(version!, "mergeml.candidate")).toMatch(/^c-[0-9a-f]{64}$/);
    expect(tagOf(version!, "mergeml.registry_commit")).toBe(scratch.git("rev-parse", "origin/registry~1").trim());
    expect(run?.info.status).toBe("FINISHED");
    expect(run?.data.params).toEqual(
      expect.arrayContaining([
        { key: "trees", value: "10" },
        { key: "seed", value: "7" },
      ]),
    );
    expect(run?.data.metrics.map(({ key }) => key)).toEqual(
      expect.arrayContaining(["rmse", "naive/rmse", "train_seconds"]),
    );
    const names = [...server.kept.artifacts.keys()].map((path) => path.replace("1/run1/artifacts/model/", ""));
    expect(names).toEqual(expect.arrayContaining(["MLmodel", "model.onnx", "version.json", "requirements.txt"]));
    expect(server.kept.models.get("rent")?.aliases).toEqual([{ alias: "production", version: "1" }]);

    const before = writes(server);
    expect((await sync(scratch)).models[0]).toMatchObject({ created: [], alias: { version: 1, changed: false } });
    expect(writes(server)).toBe(before);

    await scratch.facts(["rollback", "rent"]);
    expect(server.kept.models.get("rent")?.aliases).toEqual([]);
    expect(await scratch.facts(["promote", "rent"])).toMatchObject({ to: 1, mlflow: { state: "mirrored" } });
    expect(server.kept.models.get("rent")?.aliases).toEqual([{ alias: "production", version: "1" }]);
  });

  it("follows an automatic rollback", async () => {
    await using made = await deployed();
    const { scratch, server } = made;
    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
    await scratch.facts(["run", "rent"]);
    expect(server.kept.models.get("rent")?.aliases).toEqual([{ alias: "production", version: "2" }]);
    const options = { directory: scratch.root, env: scratch.env, clock: systemClock, log: silentLog, useCache: true };
    const { registry } = await openWorkspace(options);
    const [{ commit: promotion } = { commit: "" }] = await registry.history("rent");
    const judged = { promotion, reason: "12% of 1,000 requests failed (limit 5%)" };
    expect(await registry.rollbackPromotion("rent", judged)).toMatchObject({ to: 1, mlflow: { state: "mirrored" } });
    expect(server.kept.models.get("rent")?.aliases).toEqual([{ alias: "production", version: "1" }]);
    expect(await registry.rollbackPromotion("rent", judged)).toBeNull();
  });

  it("makes nothing twice when answers are lost", async () => {
    const lost = new Set<string>();
    const fault: Fault = ({ method, url }) => {
      const once = method === "POST" && url.includes("create") && !lost.has(url);
      return once && lost.add(url) ? "after" : null;
    };
    await using made = await deployed(fault);
    expect(lost.size).toBe(4);
    const { experiments, runs, models, versions } = made.server.kept;
    expect([experiments.size, runs.length, models.size, versions.length]).toEqual([1, 1, 1, 1]);
    expect(made.told.stderr).not.toContain("not copied to MLflow");
  });

  it("is completed by a later sync when it was cut short", async () => {
    let down = true;
    await using made = await deployed(({ url }) => (down && url.endsWith("model-versions/create") ? "before" : null));
    const { scratch, server, told } = made;
    expect(told.code).toBe(0);
    expect(told.stdout).toContain("rent v1 is in production");
    expect(told.stderr).toMatch(/warning: not copied to MLflow: [\s\S]*HTTP 503[\s\S]*mergeml mlflow sync rent/);
    expect(server.kept.versions).toEqual([]);
    down = false;
    expect((await sync(scratch)).models[0]?.created).toEqual([{ version: 1, mlflow_version: "1" }]);
    expect(server.kept.runs).toHaveLength(1);
    expect((await sync(scratch)).models[0]?.created).toEqual([]);
  });

  it("makes no version of files that did not arrive as they were sent", async () => {
    await using made = await deployed(({ method, url }) =>
      method === "PUT" && url.endsWith("model.onnx") ? "corrupt" : null,
    );
    expect(made.told.stderr).toMatch(
      /not copied to MLflow: the MLflow server keeps .*model\.onnx with 1 bytes, not the \d+/,
    );
    expect(made.server.kept.versions).toEqual([]);
  });

  it("says so when the server does not take files", async () => {
    await using made = await deployed(undefined, "s3://bucket/");
    expect(made.told.code).toBe(0);
    expect(made.told.stderr).toContain("it keeps artifacts at s3. Start it with --artifacts-destination");
    const { failed } = await sync(made.scratch, 3);
    expect(failed).toEqual([{ model: "rent", message: expect.stringContaining("does not take files itself") }]);
  });

  it("leaves versions and aliases that others made", async () => {
    await using made = await deployed();
    const { scratch, server } = made;
    server.kept.versions.push({ name: "rent", version: "2", run_id: "x", source: "x", tags: [] });
    server.kept.models.get("rent")!.aliases = [{ alias: "production", version: "2" }];
    const told = await scratch.mergeml("rollback", "rent");
    expect(told.stderr).toContain("names version 2, which mergeml did not mirror; it was left");
    expect(server.kept.models.get("rent")?.aliases).toEqual([{ alias: "production", version: "2" }]);
    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ version: 2, mlflow: { state: "mirrored" } });
    expect(server.kept.models.get("rent")?.aliases).toEqual([{ alias: "production", version: "3" }]);
  });
});

describe("runs of candidates that are not registered", () => {
  const impossible = modelYaml({ thresholds: "  primary: rmse\n  first_deploy: { rmse: { max: 1 } }" });

  it("are mirrored when the gate says no, and once when they are trained again", async () => {
    using scratch = makeScratch();
    await using server = await startMlflowDouble();
    scratch.env.MLFLOW_TRACKING_URI = server.url;
    scratch.write("models/rent/model.yaml", impossible);
    await scratch.facts(["init"]);
    const { candidate } = await scratch.facts<{ candidate: string }>(["run", "rent"], 1);
    await scratch.facts(["train", "rent"]);
    expect(server.kept.runs).toHaveLength(1);
    expect(server.kept.versions).toEqual([]);
    const { info, data } = server.kept.runs[0]!;
    expect(info.status).toBe("FINISHED");
    expect(tagOf(data, "mergeml.candidate")).toBe(candidate);
    expect(tagOf(data, "mergeml.verdict")).toBe("fail");
  });

  it("become the runs of versions when they are registered", async () => {
    using scratch = await initialised();
    await using server = await startMlflowDouble();
    scratch.env.MLFLOW_TRACKING_URI = server.url;
    await scratch.facts(["train", "rent"]);
    await scratch.facts(["register", "rent"]);
    expect(server.kept.runs).toHaveLength(1);
    expect(server.kept.versions[0]).toMatchObject({ run_id: "run1" });
    expect(tagOf(server.kept.runs[0]!.data, "mergeml.version")).toBe("1");
    expect(server.kept.models.get("rent")?.aliases).toEqual([]);
  });

  it("are only warned about when the server does not answer", async () => {
    using scratch = makeScratch();
    scratch.env.MLFLOW_TRACKING_URI = "http://127.0.0.1:9";
    await scratch.facts(["init"]);
    const told = await scratch.mergeml("train", "rent");
    expect(told.code).toBe(0);
    expect(told.stderr).toMatch(
      /warning: not copied to MLflow: .* cannot be reached[\s\S]*later: mergeml mlflow sync rent/,
    );
  });
});

describe("mergeml mlflow sync", () => {
  it("says what is missing", async () => {
    using scratch = makeScratch();
    expect((await scratch.mergeml("mlflow", "sink")).stderr).toContain("write: mergeml mlflow sync [model]");
    expect((await scratch.mergeml("mlflow", "sync")).stderr).toContain("MLFLOW_TRACKING_URI is not set");
    scratch.env.MLFLOW_TRACKING_URI = "databricks";
    expect(await scratch.mergeml("mlflow", "sync")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is not a URI"),
    });
  });

  it("copies no file that somebody changed on the branch, nor a version that lost one", async () => {
    using scratch = await initialised();
    await using server = await startMlflowDouble();
    await scratch.facts(["run", "rent"]);
    scratch.env.MLFLOW_TRACKING_URI = server.url;
    const git = scratch.clone("other", "registry");
    const file = "models/rent/versions/1/requirements.txt";
    writeFileSync(join(scratch.folder, "other", file), "evil==1.0\n");
    git("commit", "-qam", "Change a file");
    git("push", "-q", "origin", "registry");
    const message = `${file} on the registry branch is not the file that was registered: its hash differs`;
    expect((await scratch.facts<{ failed: object[] }>(["mlflow", "sync"], 2)).failed).toEqual([
      { model: "rent", message },
    ]);
    git("rm", "-q", file);
    git("commit", "-qm", "Remove a file");
    git("push", "-q", "origin", "registry");
    const { stdout } = await scratch.mergeml("mlflow", "sync");
    expect(stdout).toMatch(new RegExp(`^failed: rent: ${file} on the registry branch is missing`));
    expect(stdout).not.toContain("no model is registered yet");
    expect(server.kept.versions).toEqual([]);
  });

  it("exits with 3 when the server is down, and knows its models", async () => {
    await using made = await deployed();
    const { scratch } = made;
    expect((await scratch.mergeml("mlflow", "sync", "rant")).stderr).toContain("did you mean rent?");
    scratch.env.MLFLOW_TRACKING_URI = "http://ada:hunter2@127.0.0.1:9";
    const told = await scratch.mergeml("mlflow", "sync");
    expect(told.code).toBe(3);
    expect(told.stderr).toContain("the MLflow server at http://127.0.0.1:9 cannot be reached");
    expect(told.stderr).not.toContain("hunter2");
  });
});
