import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRetrainSetting, pushRetrain, readRetrainFacts } from "../../../pipelines/open-retrain.ts";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import type { RetrainAdvice } from "../../../pipelines/watch/drift/model-drift.ts";
import { decideRetrain, retrainWish } from "../../../pipelines/watch/retrain/decide-retrain.ts";
import { retrainAdvice } from "../../../pipelines/watch/retrain/retrain-advice.ts";
import { readModel, type Workspace } from "../../../pipelines/workspace/workspace.ts";
import type { Scratch } from "../../scratch.ts";
import { delaysYaml, deployedDelays } from "./delays.ts";

let scratch: Scratch;
let workspace: Workspace;

beforeAll(async () => {
  scratch = await deployedDelays();
  const clock = { now: () => new Date("2001-07-10T06:00:00Z") };
  const options = { directory: scratch.root, env: scratch.env, clock, log: silentLog, useCache: true };
  workspace = await openWorkspace(options);
});
afterAll(() => scratch[Symbol.dispose]());

async function advice(to: string, version = 1): Promise<RetrainAdvice> {
  const snapshot = await workspace.registry.snapshot();
  const model = await readModel(workspace, "delays");
  return retrainAdvice(workspace.registry, snapshot, { model, version, to: `${to}T00:00:00.000Z` });
}

/** model.yaml on the branch that answers the same drift; null when no pull request would be opened. */
async function pullRequest(to: string): Promise<string | null> {
  const setting = await openRetrainSetting(workspace);
  const model = await readModel(workspace, "delays");
  const known = { version: 1, persistent: "drift", severity: 2, to: `${to}T00:00:00.000Z` } as const;
  const wish = retrainWish(model.config, { known, production: 1, now: new Date(known.to) });
  const facts = await readRetrainFacts(workspace, setting, model, wish.kind === "retrain" ? wish.window : null);
  const decision = decideRetrain({ model: "delays", wish, pull: null, stepMs: 7 * 86_400_000, ...facts });
  if (decision.action !== "propose") return null;
  const text = { title: "Retrain delays", body: "", message: "It drifts." };
  const commit = await pushRetrain(workspace, setting, { model: "delays", window: decision.memory.window, text });
  scratch.git("push", "-q", "origin", ":mergeml/retrain/delays");
  return scratch.git("show", `${commit}:models/delays/model.yaml`);
}

it.each(["2001-07-10", "2001-04-08", "2001-04-07", "2001-02-01"])(
  "is what the pull request would write for a window up to %s",
  async (to) => {
    const told = await advice(to);
    const written = await pullRequest(to);
    if (told.kind === "move")
      expect(written).toContain(`window: { start: ${told.window.start}, end: ${told.window.end} }`);
    else expect([told, written]).toEqual([{ kind: "stay", why: "its window reaches to 2001-04-01 already" }, null]);
    expect(told.kind).toBe(to >= "2001-04-08" ? "move" : "stay");
  },
);

it("slides or expands the window as the config says", async () => {
  expect(await advice("2001-07-01")).toEqual({ kind: "move", window: { start: "2001-04-01", end: "2001-07-01" } });
  scratch.write("models/delays/model.yaml", delaysYaml.replace("window: sliding", "window: expanding"));
  expect(await advice("2001-07-01")).toEqual({ kind: "move", window: { start: "2001-01-01", end: "2001-07-01" } });
  scratch.write("models/delays/model.yaml", delaysYaml);
});

it("does not ask for what was rolled back, nor for what is a version already", async () => {
  const moved = delaysYaml.replace("start: 2001-01-01, end: 2001-04-01", "start: 2001-04-01, end: 2001-07-01");
  scratch.write("models/delays/model.yaml", moved);
  scratch.git("commit", "-qam", "Move the window");
  await scratch.facts(["run", "delays"]);
  await scratch.facts(["rollback", "delays"]);
  scratch.write("models/delays/model.yaml", delaysYaml);
  const held = "v2, trained up to 2001-07-01, was rolled back";
  expect(await advice("2001-07-01")).toEqual({ kind: "stay", why: held });
  expect(await advice("2001-07-05")).toEqual({ kind: "stay", why: held });
  await scratch.facts(["promote", "delays@2"]);
  await scratch.facts(["promote", "delays@1"]);
  expect(await advice("2001-07-01")).toEqual({ kind: "stay", why: "v2 is this already" });
});

it("knows a config without a window, and one that is gone", async () => {
  const snapshot = await workspace.registry.snapshot();
  const asked = { version: 1, to: "2001-07-01T00:00:00.000Z" };
  expect(await retrainAdvice(workspace.registry, snapshot, { model: null, ...asked })).toEqual({ kind: "gone" });
  const query = join(scratch.root, "models/delays/features.sql");
  const text = readFileSync(query, "utf8");
  const windowless = delaysYaml.replace(/ {2}window: .*moved by mergeml\n/, "").replace(" on_drift: pull-request,", "");
  scratch.write("models/delays/model.yaml", windowless);
  scratch.write("models/delays/features.sql", text.replace(/ WHERE .*/, ""));
  expect(await advice("2001-07-01")).toEqual({ kind: "windowless" });
});
