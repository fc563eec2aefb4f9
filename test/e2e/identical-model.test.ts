import { expect, it } from "vitest";
import { startMlflowDouble } from "../mlflow/mlflow-double.ts";
import { deployed, featuresSql, type Scratch } from "../scratch.ts";

const same = "nothing to deploy: byte for byte the model of v1 in production";

function comment(scratch: Scratch, text: string): void {
  scratch.write("models/rent/features.sql", `-- ${text}\n${featuresSql}`);
}

it("a training that gives production's model is told and logged alike, whoever asked for it", async () => {
  using scratch = await deployed();
  await using server = await startMlflowDouble();
  scratch.env.MLFLOW_TRACKING_URI = server.url;
  const logged = async () => (await scratch.facts<{ runs: unknown[] }>(["runs", "rent"])).runs.length;
  const runs = await logged();

  comment(scratch, "by run");
  const byRun = await scratch.mergeml("run", "rent");
  expect(byRun).toMatchObject({ code: 0, stdout: expect.stringContaining(`rent: ${same}`) });
  expect(server.kept.runs).toHaveLength(1);
  expect(await logged()).toBe(runs + 1);

  comment(scratch, "by train");
  const byTrain = await scratch.mergeml("train", "rent");
  expect(byTrain).toMatchObject({ code: 0, stdout: expect.stringContaining(`identical: ${same}`) });
  expect(server.kept.runs).toHaveLength(2);
  expect(await logged()).toBe(runs + 2);

  expect(await scratch.mergeml("gate", "rent")).toMatchObject({ code: 0, stdout: expect.stringContaining(same) });
  const { candidate, identical_to } = await scratch.facts<{ candidate: string; identical_to: number }>([
    "gate",
    "rent",
  ]);
  expect(identical_to).toBe(1);
  for (const reference of ["rent", candidate.slice(0, 14)])
    expect((await scratch.mergeml("report", reference)).stdout).toContain("rent has nothing to deploy");
  const registered = await scratch.mergeml("register", "rent");
  expect(registered).toMatchObject({ code: 2, stderr: expect.stringContaining(`rent: ${same}`) });
});
