import { generateKeyPairSync } from "node:crypto";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listCandidates } from "../../../pipelines/candidate/candidate-directory.ts";
import { makeScratch, modelYaml, type Scratch } from "../../scratch.ts";
import { type StoreServer, storeServers } from "./store-servers.ts";

const pair = generateKeyPairSync("ed25519");
const publicKey = pair.publicKey.export({ format: "der", type: "spki" }).toString("base64");
const privateKey = pair.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

const registry = storeServers.find(({ name }) => name === "a registry")!;

/** A folder that both machines have. */
async function startFolder(folder: string): Promise<StoreServer> {
  const config = () => `store: ${join(folder, "shared")}\n`;
  const wrong = () => ({ env: {}, password: "" });
  return { endpoint: null, env: () => ({}), wrong, secrets: [], config, async [Symbol.asyncDispose]() {} };
}

const places: [string, (folder: string) => Promise<StoreServer>][] = [
  ["a folder", startFolder],
  ["a registry", () => registry.start()],
];

describe.each(places)("steps in %s", (_name, start) => {
  let server: StoreServer;
  let scratch: Scratch;
  let told = "";
  const search = "search: { trials: 3, space: { trees: [5, 10, 15] } }\n";
  /** Trains on another machine, whose files are as old as its clone. */
  const trainOn = async (machine: string, env: Record<string, string>, yaml?: string) => {
    scratch.clone(machine, "main");
    if (yaml) scratch.write(`../${machine}/models/rent/model.yaml`, yaml);
    Object.assign(scratch.env, env);
    const { code, stdout, stderr } = await scratch.mergeml("-C", `../${machine}`, "train", "rent");
    for (const name of Object.keys(env)) delete scratch.env[name];
    told += stdout + stderr;
    expect(code, stderr).toBe(0);
    const [made] = await listCandidates(join(scratch.folder, machine));
    const candidate = readFileSync(join(made!.directory, "candidate.json"), "utf8");
    const elsewhere = [...stderr.matchAll(/(\S+) was done elsewhere/g)].map(([, step]) => step);
    return { elsewhere: [...new Set(elsewhere)].sort(), candidate: JSON.parse(candidate), stderr };
  };

  beforeAll(async () => {
    scratch = makeScratch();
    server = await start(scratch.folder);
    Object.assign(scratch.env, server.env());
    scratch.write("mergeml.yaml", `${server.config("steps")}step_cache: { public_key: "${publicKey}" }\n`);
    scratch.write("models/rent/model.yaml", `${modelYaml()}${search}`);
    scratch.git("add", ".");
    scratch.git("commit", "-qm", "Share steps");
    scratch.git("push", "-q");
    await scratch.facts(["init"]);
  });
  afterAll(async () => {
    scratch?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it("let another machine, whose cache is empty, go on from the last good one", async () => {
    const review = { GITHUB_EVENT_NAME: "pull_request", GITHUB_BASE_REF: "main" };
    // A pull request's job leaves nothing, also when it has the key.
    const pulled = await trainOn("pull", { ...review, MERGEML_STEP_KEY: privateKey });
    expect(pulled.elsewhere).toEqual([]);
    const first = await trainOn("first", { MERGEML_STEP_KEY: privateKey });
    expect(first.elsewhere).toEqual([]);
    const second = await trainOn("second", {});
    expect(second.elsewhere).toEqual(["evaluate", "features", "train", "trial"]);
    expect(second.candidate.id).toBe(first.candidate.id);
    expect(second.candidate.model).toEqual(first.candidate.model);
    expect(second.candidate.trials).toEqual(first.candidate.trials);
    // The first failed in its evaluation, say: that step is made anew, from the model that was trained there.
    const thresholds =
      "  primary: rmse\n  first_deploy: { rmse: { max: 200 } }\n  retrain: { mode: superior, confidence: 0.9 }";
    const third = await trainOn("third", review, `${modelYaml({ thresholds })}${search}`);
    expect(third.elsewhere).toEqual(["explain", "features", "train", "trial"]);
  });

  it("are not taken when another key sealed them, and end by their age", async () => {
    const other = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const text = readFileSync(join(scratch.root, "mergeml.yaml"), "utf8");
    cpSync(join(scratch.folder, "second"), join(scratch.folder, "other"), { recursive: true });
    rmSync(join(scratch.folder, "other/.mergeml"), { recursive: true });
    scratch.write("../other/mergeml.yaml", text.replace(publicKey, other));
    const { code, stderr } = await scratch.mergeml("-C", "../other", "train", "rent");
    expect(code).toBe(0);
    expect(stderr).toContain("does not vouch for");
    expect(stderr).not.toContain("was done elsewhere");
    rmSync(join(scratch.folder, "other/.mergeml/cache"), { recursive: true });
    const young = await scratch.facts<{ shared: unknown[]; cache_files: number }>(["gc", "--grace-days", "1"]);
    expect([young.shared.length, young.cache_files]).toEqual([0, 0]);
    scratch.write("mergeml.yaml", `${text}gc_grace_days: 0\n`);
    const old = await scratch.facts<{ shared: { name: string }[]; cache_files: number }>(["gc"]);
    expect(old.cache_files + old.shared.filter(({ name }) => name.startsWith("step:")).length).toBeGreaterThan(5);
    expect((await trainOn("later", {})).elsewhere).toEqual([]);
  });

  it("tell no secret", () => {
    for (const secret of [...server.secrets, privateKey]) expect(told).not.toContain(secret);
  });
});
