import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jobMatrix } from "../../actions/shared/job-matrix.ts";

const model = (name: string, runner = "ubuntu-latest", timeout_minutes = 60) => ({
  name,
  resources: { runner, timeout_minutes, memory_gb: 4, threads: 2 },
});

describe("the job matrix", () => {
  it("has a job per model, on its runner", () => {
    expect(jobMatrix([model("a"), model("b", "gpu", 90)]).include).toEqual([
      { name: "a", models: "a", runner: '"ubuntu-latest"', timeout: 60 },
      { name: "b", models: "b", runner: '"gpu"', timeout: 90 },
    ]);
  });

  it("sends models that name no runner where the workflow's input says", () => {
    const usual = '{"group": "ml", "labels": ["gpu"]}';
    const { include } = jobMatrix([model("a"), model("b", "large")], { usual });
    expect(include.map(({ runner }) => JSON.parse(runner))).toEqual([{ group: "ml", labels: ["gpu"] }, "large"]);
    expect(() => jobMatrix([model("a")], { usual: "my-runner" })).toThrow(
      "the input runner is my-runner, which is not JSON",
    );
  });

  it("says which jobs make an environment first", () => {
    const program = { ...model("a"), params: { environment: "requirements.txt" } };
    expect(jobMatrix([program, model("b")]).include.map(({ environments }) => environments)).toEqual([true, undefined]);
  });

  it("is empty without models", () => {
    expect(jobMatrix([])).toEqual({ include: [] });
  });

  it("never has more than 256 jobs, loses no model, and never mixes runners", () => {
    const configs = fc.array(fc.constantFrom("ubuntu-latest", "gpu", "large"), { maxLength: 1500 });
    fc.assert(
      fc.property(configs, (runners) => {
        const models = runners.map((runner, index) => model(`m${index}`, runner));
        const { include } = jobMatrix(models);
        expect(include.length).toBeLessThanOrEqual(256);
        const placed = include.flatMap((entry) =>
          entry.models.split(" ").map((name) => [name, JSON.parse(entry.runner)]),
        );
        expect(placed.sort()).toEqual(models.map(({ name, resources }) => [name, resources.runner]).sort());
        for (const { timeout } of include) expect(timeout).toBeLessThanOrEqual(360);
      }),
      { numRuns: 50 },
    );
  });
});
