import { describe, expect, it } from "vitest";
import { announceDeployment } from "../../../actions/shared/github/deployment.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./faulty-github.ts";

const state = (version: number | null, commit = `${version}`.repeat(40)) => ({
  model: "rent",
  version,
  commit,
  environment: "production",
  description: version === null ? "nothing is in production" : `v${version} is in production`,
  logUrl: "https://github.example.org/octo/models/actions/runs/7",
});
const states = ({ server }: FaultyGitHub) =>
  server.added.deployments.map(({ statuses }) => statuses.map((each) => each.state));

describe("a deployment", () => {
  it("is in progress until serving was told, and makes the earlier one inactive", async () => {
    await using faulty = await startFaultyGitHub();
    expect(await announceDeployment(faulty.github, state(1))).toEqual({ deployment: "recorded", dispatch: "sent" });
    expect(await announceDeployment(faulty.github, state(2))).toEqual({ deployment: "recorded", dispatch: "sent" });
    expect(states(faulty)).toEqual([
      ["in_progress", "success", "inactive"],
      ["in_progress", "success"],
    ]);
    expect(faulty.server.added.deployments[1]).toMatchObject({
      environment: "production/rent",
      task: "deploy:model",
      ref: "2".repeat(40),
      payload: { model: "rent", version: 2, registry_commit: "2".repeat(40) },
    });
    expect(faulty.server.added.dispatches.at(-1)).toEqual({
      event_type: "mergeml-deployed",
      client_payload: {
        model: "rent",
        version: 2,
        registry_commit: "2".repeat(40),
        environment: "production",
        deployment: 2,
      },
    });
  });

  it("is per model and environment: others stay as they are", async () => {
    await using faulty = await startFaultyGitHub();
    await announceDeployment(faulty.github, state(1));
    await announceDeployment(faulty.github, { ...state(1), model: "price" });
    await announceDeployment(faulty.github, { ...state(1), environment: "staging" });
    expect(states(faulty)).toEqual(Array(3).fill(["in_progress", "success"]));
  });

  it("of the same state is announced once", async () => {
    await using faulty = await startFaultyGitHub();
    await announceDeployment(faulty.github, state(1));
    expect(await announceDeployment(faulty.github, state(1))).toEqual({ deployment: "unchanged", dispatch: "none" });
    expect(faulty.server.added.dispatches).toHaveLength(1);
  });

  it("of a version that is in production again is another one", async () => {
    await using faulty = await startFaultyGitHub();
    await announceDeployment(faulty.github, state(1));
    await announceDeployment(faulty.github, state(2));
    expect(await announceDeployment(faulty.github, state(1, "c".repeat(40)))).toMatchObject({ deployment: "recorded" });
    expect(states(faulty).map((each) => each.at(-1))).toEqual(["inactive", "inactive", "success"]);
  });

  it("of nothing makes the last one inactive, once", async () => {
    await using faulty = await startFaultyGitHub();
    expect(await announceDeployment(faulty.github, state(null))).toEqual({ deployment: "unchanged", dispatch: "none" });
    await announceDeployment(faulty.github, state(1));
    expect(await announceDeployment(faulty.github, state(null))).toEqual({ deployment: "recorded", dispatch: "sent" });
    expect(await announceDeployment(faulty.github, state(null))).toMatchObject({ deployment: "unchanged" });
    expect(states(faulty)).toEqual([["in_progress", "success", "inactive"]]);
    expect(faulty.server.added.dispatches.at(-1)?.client_payload).toMatchObject({ version: null });
  });

  it("that was left in progress is finished by the next run, or made inactive by a later one", async () => {
    await using faulty = await startFaultyGitHub();
    await announceDeployment(faulty.github, state(1));
    faulty.server.added.deployments[0]!.statuses.length = 1;
    expect(await announceDeployment(faulty.github, state(1))).toEqual({ deployment: "recorded", dispatch: "sent" });
    expect(states(faulty)).toEqual([["in_progress", "in_progress", "success"]]);
    faulty.server.added.deployments[0]!.statuses.length = 2;
    await announceDeployment(faulty.github, state(2));
    expect(states(faulty).map((each) => each.at(-1))).toEqual(["inactive", "success"]);
  });
});

describe("a lost answer", () => {
  it.each(["before", "after"] as const)("to the creation (%s it was done) creates one", async (when) => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /\/deployments$/, when });
    expect(await announceDeployment(faulty.github, state(1))).toEqual({ deployment: "recorded", dispatch: "sent" });
    expect(states(faulty)).toEqual([["in_progress", "success"]]);
  });

  it.each(["before", "after"] as const)("to a status (%s it was done) sets it once", async (when) => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /\/statuses$/, when, status: 502 });
    await announceDeployment(faulty.github, state(1));
    expect(states(faulty)).toEqual([["in_progress", "success"]]);
  });

  it("to the dispatch does not send it again: the deployment fails, and the next run tells serving", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /\/dispatches$/, when: "after" });
    await expect(announceDeployment(faulty.github, state(1))).rejects.toMatchObject({
      name: "EnvironmentError",
      tried: expect.stringMatching(/dispatches, which may have been done$/),
    });
    expect(faulty.server.added.dispatches).toHaveLength(1);
    expect(states(faulty)).toEqual([["in_progress", "failure"]]);
    expect(await announceDeployment(faulty.github, state(1))).toEqual({ deployment: "recorded", dispatch: "sent" });
    expect(states(faulty)).toEqual([["in_progress", "failure", "in_progress", "success"]]);
    expect(faulty.server.added.deployments).toHaveLength(1);
  });

  it("to everything leaves what the next run finishes", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /\/(dispatches|statuses)$/, times: 99, status: 500 });
    await expect(announceDeployment(faulty.github, state(1))).rejects.toThrow("GitHub's API answered 500");
    expect(states(faulty)).toEqual([[]]);
  });
});

describe("a token without permission", () => {
  it("to write deployments records nothing and tells nobody", async () => {
    await using faulty = await startFaultyGitHub();
    const github = await faulty.open({ token: faulty.server.readOnlyToken });
    expect(await announceDeployment(github, state(1))).toEqual({ deployment: "forbidden", dispatch: "none" });
    expect(faulty.server.added.dispatches).toEqual([]);
  });

  it("to dispatch records the deployment all the same", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /\/dispatches$/, status: 403, message: "Resource not accessible" });
    expect(await announceDeployment(faulty.github, state(1))).toEqual({
      deployment: "recorded",
      dispatch: "forbidden",
    });
    expect(states(faulty)).toEqual([["in_progress", "success"]]);
  });
});

it.each([
  [/\/deployments$/, 422, "No ref found for: 1111"],
  [/\/deployments$/, 409, "Conflict"],
  [/\/statuses$/, 422, "Validation Failed"],
])("that GitHub refuses (%s: %i) is no bug of ours", async (path, status, message) => {
  await using faulty = await startFaultyGitHub();
  faulty.server.fail({ method: "POST", path, status, message });
  await expect(announceDeployment(faulty.github, state(1))).rejects.toMatchObject({
    name: "EnvironmentError",
    message: expect.stringMatching(new RegExp(`^GitHub refused the Deployment of rent: ${message}`)),
  });
  expect(await announceDeployment(faulty.github, state(1))).toMatchObject({ deployment: "recorded", dispatch: "sent" });
  expect(faulty.server.added.deployments).toHaveLength(1);
});
