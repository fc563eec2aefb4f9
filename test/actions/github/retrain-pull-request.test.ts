import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  closeRetrain,
  findRetrainPull,
  proposeRetrain,
  type RetrainProposal,
} from "../../../actions/shared/github/retrain-pull-request.ts";
import { retrainText } from "../../../pipelines/watch/retrain/retrain-branch.ts";
import type { RetrainMemory } from "../../../pipelines/watch/retrain/retrain-memory.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./faulty-github.ts";

interface Pull {
  number: number;
  state: string;
  title: string;
  body: string;
  labels: { name: string }[];
}

const path = "/repos/octo/models";
const before = { start: "2001-01-01", end: "2001-04-01" };
let faulty: FaultyGitHub;

beforeAll(async () => {
  faulty = await startFaultyGitHub();
});
afterAll(async () => faulty[Symbol.asyncDispose]());

let count = 0;
let model = "";
beforeEach(() => {
  count += 1;
  model = `model-${count}`;
  faulty.server.added.workflowDispatches.length = 0;
});

const branch = () => `mergeml/retrain/${model}`;

function memory(end: string, checked: string | null = null): RetrainMemory {
  const window = { start: "2001-01-01", end };
  return { model, reason: "drift", version: 2, severity: 3, window, checked, obsolete: false };
}

function proposal(end: string, over: Partial<RetrainProposal> = {}): RetrainProposal {
  const report = { title: `${model} is drifting`, body: "A table." };
  const { title, body } = retrainText(memory(end), { before, schedule: "never", report, owner: "@octo" });
  const commit = "a".repeat(40);
  return { model, branch: branch(), base: "main", commit, memory: memory(end), title, body, pull: null, ...over };
}

const find = () => findRetrainPull(faulty.github, model, branch());
const pulls = () => faulty.server.ask<Pull[]>("GET", `${path}/pulls?state=all&head=octo:${branch()}`);

describe("a retrain pull request", () => {
  it("is opened with its reason and labels, and its check is asked for", async () => {
    const outcome = await proposeRetrain(faulty.github, proposal("2001-06-04"));
    const [pull, ...others] = await pulls();
    expect(others).toEqual([]);
    expect(outcome).toEqual({ state: "opened", pull: pull?.number, check: "asked for" });
    expect(pull?.title).toBe(`Retrain ${model} on data up to 2001-06-04`);
    expect(pull?.body.split("\n").slice(1).join("\n")).toBe(`**${model} is drifting.**

\`features.window\` moves from 2001-01-01 … 2001-04-01 to 2001-01-01 … 2001-06-04 (the end is exclusive). Nothing else changes.

The comparison with v2, on test rows of the new window, follows as a comment, and the check \`mergeml\` says whether it may be merged.

1. **Merge it** to deploy the retrained model.
2. **Commit to this branch** to change more; mergeml then leaves it to you.
3. **Close it** to decline. It comes back when the drift has grown by half, or for another version.

<details><summary>The drift</summary>

A table.

</details>

<sub>Owner: @octo</sub>`);
    expect(faulty.server.added.workflowDispatches).toEqual([
      { workflow: "model-pr.yml", ref: branch(), inputs: { "pull-request": `${pull?.number}` } },
    ]);
    const labels = await faulty.server.ask<{ name: string }[]>("GET", `${path}/issues/${pull?.number}/labels`);
    expect(labels.map(({ name }) => name)).toEqual(["mergeml", "retrain", model]);
  });

  it("is left alone when nothing changed, and updated and checked again when its commit did", async () => {
    await proposeRetrain(faulty.github, proposal("2001-06-04"));
    const pull = await find();
    const same = proposal("2001-06-04", { pull, memory: pull?.memory ?? memory("") });
    expect(await proposeRetrain(faulty.github, same)).toMatchObject({ state: "unchanged", check: "known" });
    const moved = proposal("2001-06-11", { pull, commit: "b".repeat(40) });
    expect(await proposeRetrain(faulty.github, moved)).toMatchObject({ state: "updated", check: "asked for" });
    expect(await pulls()).toMatchObject([{ title: `Retrain ${model} on data up to 2001-06-11` }]);
    expect(faulty.server.added.workflowDispatches).toHaveLength(2);
    expect(await find()).toMatchObject({ state: "open", memory: { checked: "b".repeat(40) } });
  });

  it("is closed with a reason, and remembers that no person did it", async () => {
    await proposeRetrain(faulty.github, proposal("2001-06-04"));
    const pull = (await find())!;
    await closeRetrain(faulty.github, pull, { ...pull.memory, obsolete: true }, "There is no drift any more.");
    expect(await find()).toMatchObject({ state: "closed", memory: { obsolete: true } });
    const comments = await faulty.server.ask<Pull[]>("GET", `${path}/issues/${pull.number}/comments`);
    expect(comments.map(({ body }) => body)).toEqual([
      "<!-- mergeml:retrain obsolete -->\nThere is no drift any more.",
    ]);
    expect(await proposeRetrain(faulty.github, proposal("2001-07-04"))).toMatchObject({ state: "opened" });
    expect(await find()).toMatchObject({ state: "open" });
  });

  it("is not one that a person opened from the same branch, whatever its text", async () => {
    await proposeRetrain(faulty.github, proposal("2001-06-04"));
    const own = await find();
    const copy = { title: "Mine", head: branch(), base: "main", body: own?.body };
    await faulty.server.ask("POST", `${path}/pulls`, copy);
    expect((await find())?.number).toBe(own?.number);
  });
});

describe("with faults", () => {
  it.each([
    ["before it was done", "before" as const],
    ["after it was done", "after" as const],
  ])("is opened once when the connection is lost %s", async (_title, when) => {
    faulty.server.fail({ method: "POST", path: /\/pulls$/, when });
    expect(await proposeRetrain(faulty.github, proposal("2001-06-04"))).toMatchObject({ state: "opened" });
    expect(await pulls()).toHaveLength(1);
  });

  it("takes the one that a run beside it opened", async () => {
    await proposeRetrain(faulty.github, proposal("2001-06-04"));
    faulty.server.fail({ method: "POST", path: /\/pulls$/, status: 422, message: "A pull request already exists" });
    expect(await proposeRetrain(faulty.github, proposal("2001-06-04"))).toMatchObject({ pull: (await find())?.number });
    expect(await pulls()).toHaveLength(1);
  });

  it("asks for the check again when the run before died over it", async () => {
    faulty.server.fail({ method: "POST", path: /\/dispatches$/ });
    await expect(proposeRetrain(faulty.github, proposal("2001-06-04"))).rejects.toThrow("GitHub's API");
    const pull = await find();
    expect(pull).toMatchObject({ state: "open", memory: { checked: null } });
    const again = proposal("2001-06-04", { pull });
    expect(await proposeRetrain(faulty.github, again)).toMatchObject({ state: "unchanged", check: "asked for" });
    expect((await find())?.memory.checked).toBe("a".repeat(40));
  });

  it.each([403, 404, 422])("says that the check could not be asked for when GitHub answers %i", async (status) => {
    faulty.server.fail({ method: "POST", path: /\/dispatches$/, status, message: "Resource not accessible" });
    expect(await proposeRetrain(faulty.github, proposal("2001-06-04"))).toMatchObject({ check: "forbidden" });
  });

  it("says when a workflow may not open pull requests", async () => {
    const message = "GitHub Actions is not permitted to create or approve pull requests.";
    faulty.server.fail({ method: "POST", path: /\/pulls$/, status: 403, message });
    expect(await proposeRetrain(faulty.github, proposal("2001-06-04"))).toEqual({ state: "forbidden" });
  });
});
