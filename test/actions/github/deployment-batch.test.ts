import { expect, it } from "vitest";
import type { ModelDeployment } from "../../../actions/shared/github/deployment.ts";
import { announceTogether } from "../../../actions/shared/github/deployment-batch.ts";
import { startFaultyGitHub } from "./faulty-github.ts";

const tip = "f".repeat(40);
const batch = { environment: "production", tip, logUrl: "https://github.example.org/octo/models/actions/runs/7" };
const models = (count: number, version = 1): ModelDeployment[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ model: `model-${at}`, version, commit: `${version}`.repeat(40), environment: "production", description: "" },
    logUrl: batch.logUrl,
  }));

it("tells of 300 models in a fraction of the hourly limit, each once", async () => {
  await using faulty = await startFaultyGitHub();
  const { added, requests } = faulty.server;
  const outcomes = await announceTogether(faulty.github, models(300), batch);
  expect(new Set(outcomes.values())).toEqual(new Set(["recorded"]));
  expect(added.deployments.map(({ environment, task }) => [environment, task])).toEqual(
    Array(3).fill(["production", "deploy:models"]),
  );
  expect(added.deployments.map(({ statuses }) => statuses.at(-1)?.state)).toEqual(Array(3).fill("success"));
  expect(added.dispatches).toHaveLength(3);
  expect(added.dispatches[2]).toMatchObject({
    client_payload: {
      environment: "production",
      deployment: 3,
      models: expect.arrayContaining([expect.objectContaining({ model: "model-299", version: 1 })]),
    },
  });
  expect(requests.length).toBeLessThan(30);

  // Again, with one that moved.
  const [moved, ...same] = models(300);
  const again = await announceTogether(
    faulty.github,
    [{ ...moved!, version: 2, commit: "2".repeat(40) }, ...same],
    batch,
  );
  expect([...again].filter(([, outcome]) => outcome === "recorded")).toEqual([["model-0", "recorded"]]);
  expect(added.dispatches).toHaveLength(4);
});

it("tells again what serving may not have heard", async () => {
  await using faulty = await startFaultyGitHub();
  faulty.server.fail({ method: "POST", path: /\/dispatches$/, status: 502, times: 1 });
  expect((await announceTogether(faulty.github, models(25), batch)).get("model-3")).toBe("failed");
  expect(faulty.server.added.deployments[0]?.statuses.at(-1)?.state).toBe("failure");
  expect((await announceTogether(faulty.github, models(25), batch)).get("model-3")).toBe("recorded");
});
