import { describe, expect, it } from "vitest";
import { deployed, featuresSql, initialised, modelYaml } from "../scratch.ts";

interface Entry {
  model: string;
  state: string;
  production: number | null;
  version: number | null;
  detail: string;
}

const better = modelYaml({ params: "{ trees: 20, max_leaves: 8 }" });

describe("the life of a model", () => {
  it("goes from first deploy to improvement, rollback by plain git, hold, and a changed config", async () => {
    using scratch = await initialised();
    const planned = async () => (await scratch.facts<{ models: Entry[] }>(["plan"])).models[0];
    expect(await planned()).toMatchObject({ model: "rent", state: "new", production: null });

    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed", version: 1 });
    expect(await planned()).toMatchObject({ state: "unchanged", production: 1 });
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "unchanged", version: 1 });

    scratch.write("models/rent/model.yaml", better);
    expect(await planned()).toMatchObject({ state: "changed", production: 1 });
    expect((await planned())?.detail).toContain("params.trees 10 → 20");
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed", version: 2 });

    const git = scratch.clone("registry", "registry");
    git("revert", "--no-edit", "HEAD");
    git("push", "-q");
    expect(await planned()).toMatchObject({ state: "held", production: 1, version: 2 });
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "held", version: 2 });
    expect(await scratch.facts(["verify"])).toMatchObject({ problems: [], versions: 2 });

    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
    expect(await planned()).toMatchObject({ state: "changed", production: 1 });
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed", version: 3 });

    const { history } = await scratch.facts<{ history: { action: string; from: number | null; to: number | null }[] }>([
      "history",
      "rent",
    ]);
    expect(history.map(({ action, from, to }) => `${action} ${from} ${to}`)).toEqual([
      "promote 1 3",
      "register null 3",
      "rollback 2 1",
      "promote 1 2",
      "register null 2",
      "promote null 1",
      "register null 1",
    ]);
  });

  it("explains the conflict when an older promotion is reverted by plain git", async () => {
    using scratch = await initialised();
    for (const trees of [10, 20, 40]) {
      scratch.write("models/rent/model.yaml", modelYaml({ params: `{ trees: ${trees}, max_leaves: 8 }` }));
      expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed" });
    }
    const git = scratch.clone("registry", "registry");
    expect(() => git("revert", "--no-edit", "HEAD~2")).toThrow(/could not revert .+promote\(rent\): 1 -> 2/);
    const told = await scratch.mergeml("-C", "../registry", "status");
    expect(told.stderr).toContain("Another version of rent has been promoted since");
    expect(told.stderr).toContain("git revert --abort");
    git("revert", "--abort");
    expect(await scratch.facts(["rollback", "rent", "--to", "1"])).toMatchObject({ from: 3, to: 1 });
    expect(await scratch.facts(["plan"])).toMatchObject({ models: [{ state: "held", production: 1, version: 3 }] });
    expect(await scratch.facts(["verify"])).toMatchObject({ problems: [], promotions: 4 });
  });

  it("leaves a version that was replaced, not rolled back, to a person", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", better);
    await scratch.facts(["run", "rent"]);
    scratch.write("models/rent/model.yaml", modelYaml());
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "registered", version: 1 });
    expect((await scratch.mergeml("run", "rent")).stdout).toContain("mergeml promote rent --to 1");
  });

  it("undeploys a model when its first promotion is reverted, and holds it", async () => {
    using scratch = await deployed();
    const git = scratch.clone("registry", "registry");
    git("revert", "--no-edit", "HEAD");
    git("push", "-q");
    expect(await scratch.facts(["status"])).toMatchObject({
      models: [{ production: null, since: null, next: "held" }],
    });
    expect(await scratch.facts(["promote", "rent"])).toMatchObject({ from: null, to: 1 });
  });

  it("blocks a worse model with exit 1 and leaves production alone", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 2, max_leaves: 2 }" }));
    const told = await scratch.mergeml("run", "rent");
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/rmse [\d.,]+ must be below production's [\d.,]+ \(v1\)/);
    expect(told.stdout).toContain("Production is unchanged");
    expect(await scratch.facts(["status"])).toMatchObject({
      models: [{ model: "rent", production: 1, next: "changed" }],
    });
  });

  it("judges a first deploy against the business threshold", async () => {
    using scratch = await initialised();
    scratch.write(
      "models/rent/model.yaml",
      modelYaml({ thresholds: "  primary: rmse\n  first_deploy: { rmse: { max: 0.5 } }" }),
    );
    const told = await scratch.mergeml("run", "rent");
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("0.5");
    expect(await scratch.facts(["status"])).toMatchObject({ models: [{ production: null }] });
  });

  it("tells failed data checks and trains nothing", async () => {
    using scratch = await initialised();
    scratch.write(
      "models/rent/model.yaml",
      modelYaml({ features: "  checks: [ { column: size, between: [10, 90] } ]" }),
    );
    const told = await scratch.mergeml("run", "rent");
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("size between [10, 90]");
  });

  it("tells a query error with its place in the SQL file", async () => {
    using scratch = await initialised();
    scratch.write("models/rent/features.sql", featuresSql.replace("rooms", "romms"));
    const told = await scratch.mergeml("run", "rent");
    expect(told.code).toBe(2);
    expect(told.stderr).toMatch(/models\/rent\/features\.sql:1:18 {2}error/);
    expect(told.stderr).toContain("romms");
  });

  it("says that a change which gives the same model has nothing to deploy", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/features.sql", `-- the flats of the Rhineland\n${featuresSql}`);
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "identical", version: 1 });
  });

  it("reproduces a version from its record, also when the data is gone but the split is stored", async () => {
    using scratch = await deployed();
    expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true, data: "query" });
    scratch.write("data/flats.csv", "id,size,rooms,city,rent\n1,20,1,Ulm,300\n");
    expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true, data: "store" });
  });
});
