import { afterAll, beforeAll, expect, it } from "vitest";
import type { Window } from "../../../pipelines/config/model-config.ts";
import {
  dropRetrain,
  openRetrainSetting,
  pushRetrain,
  type RetrainSetting,
  readRetrainFacts,
} from "../../../pipelines/open-retrain.ts";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { readModel, type Workspace } from "../../../pipelines/workspace/workspace.ts";
import type { Scratch } from "../../scratch.ts";
import { delaysYaml, deployedDelays } from "./delays.ts";

const june = { start: "2001-01-01", end: "2001-06-04" };
let scratch: Scratch;
let workspace: Workspace;

beforeAll(async () => {
  scratch = await deployedDelays();
  const clock = { now: () => new Date("2001-06-05T06:00:00Z") };
  const options = { directory: scratch.root, env: scratch.env, clock, log: silentLog, useCache: true };
  workspace = await openWorkspace(options);
});
afterAll(() => scratch[Symbol.dispose]());

async function facts(wished: Window | null) {
  const setting = await openRetrainSetting(workspace);
  return { setting, known: await readRetrainFacts(workspace, setting, await readModel(workspace, "delays"), wished) };
}

function push(setting: RetrainSetting, window: Window): Promise<string | null> {
  const text = { title: `Retrain delays on data up to ${window.end}`, body: "", message: "It drifts." };
  return pushRetrain(workspace, setting, { model: "delays", window, text });
}

it("moves the window on a branch of its own and reads it back, until the default branch has it", async () => {
  const first = await facts(june);
  expect(first.known).toEqual({
    main: { start: "2001-01-01", end: "2001-04-01" },
    ...{ rolledBack: [], registered: null, branch: null },
  });
  const commit = (await push(first.setting, june)) ?? "";
  expect(scratch.git("show", `${commit}:models/delays/model.yaml`)).toBe(
    delaysYaml.replace("end: 2001-04-01", "end: 2001-06-04"),
  );
  const second = await facts(june);
  expect(second.known.branch).toEqual({ window: june, edited: false, stale: false });

  scratch.write("models/delays/model.yaml", delaysYaml.replace("seed: 1", "seed: 2"));
  scratch.git("commit", "-qam", "Change the seed");
  scratch.git("push", "-q");
  const third = await facts(june);
  expect(third.known.branch).toMatchObject({ stale: true });
  const again = (await push(third.setting, june)) ?? "";
  expect(scratch.git("show", `${again}:models/delays/model.yaml`)).toContain("seed: 2");
  expect(await push(third.setting, { ...june, end: "2001-06-11" })).toBeNull();

  const last = await facts(null);
  await dropRetrain(workspace, last.setting, "delays");
  expect((await facts(null)).known.branch).toBeNull();
});

it("knows what was rolled back, until a person promotes it again", async () => {
  scratch.write("models/delays/model.yaml", delaysYaml.replace("end: 2001-04-01", "end: 2001-06-04"));
  scratch.git("commit", "-qam", "Move the window");
  await scratch.facts(["run", "delays"]);
  await scratch.facts(["rollback", "delays"]);
  const held = await facts(june);
  expect(held.known).toMatchObject({
    rolledBack: [{ version: 2, window: june }],
    registered: { version: 2, rolledBack: true },
  });
  await scratch.facts(["promote", "delays@2"]);
  expect((await facts(june)).known).toMatchObject({ rolledBack: [], registered: { version: 2, rolledBack: false } });
});
