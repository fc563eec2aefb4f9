import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { initialised, modelYaml, type Scratch } from "../scratch.ts";

const environments = "environments: [staging, production]\n";

async function inStaging(): Promise<Scratch> {
  const scratch = await initialised();
  scratch.write("mergeml.yaml", environments);
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Go through staging");
  return scratch;
}

interface Status {
  models: { production: number | null; environments?: Record<string, number | null>; next: string; detail: string }[];
}

describe("environments", () => {
  it("take a version from one to the next, and back, each on its own", async () => {
    using scratch = await inStaging();
    const { git, facts, mergeml } = scratch;
    const runs = async () => {
      const [model] = (await facts<Status>(["status"])).models;
      return [model?.environments?.staging ?? null, model?.production ?? null];
    };
    expect((await mergeml("run", "rent")).stdout).toMatch(
      /rent v1 is in staging\. {2}Undo: mergeml rollback rent --environment staging {3}or/,
    );
    expect(await runs()).toEqual([1, null]);
    const [waiting] = (await facts<Status>(["status"])).models;
    expect(waiting?.next).toBe("registered");
    expect(waiting?.detail).toContain(
      "v1 runs in staging; move it on with: mergeml promote rent --to production --from staging",
    );
    expect((await mergeml("status")).stdout).toMatch(/model +staging +production[\s\S]*rent +v1 +–/);

    await facts(["promote", "rent", "--to", "production", "--from", "staging"]);
    expect(await runs()).toEqual([1, 1]);
    git("fetch", "-q", "origin", "registry");
    const subjects = git("log", "--format=%s", "-3", "FETCH_HEAD").trim().split("\n");
    expect(subjects).toEqual([
      "promote(rent): none -> 1",
      "promote(rent): none -> 1 in staging",
      "register(rent): version 1",
    ]);

    // Thresholds let it pass though it is judged against production, as ever.
    const thresholds =
      "  primary: rmse\n  retrain: { mode: non-inferior, margin: 100% }\n  first_deploy: { rmse: { max: 200 } }";
    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 12, max_leaves: 8 }", thresholds }));
    git("commit", "-qam", "Grow more trees");
    await facts(["run", "rent"]);
    expect(await runs()).toEqual([2, 1]);
    expect((await mergeml("verify")).code).toBe(0);

    // What was looked at must still run there.
    const moved = await mergeml("promote", "rent@1", "--to", "production", "--from", "staging");
    expect(moved.code).toBe(2);
    expect(moved.stderr).toContain("rent@1 does not run in staging: v2 does");
    await facts(["promote", "rent", "--to", "production"]);
    expect(await runs()).toEqual([2, 2]);

    await facts(["rollback", "rent"]);
    expect(await runs()).toEqual([2, 1]);
    await facts(["rollback", "rent", "--environment", "staging"]);
    expect(await runs()).toEqual([1, 1]);

    // A revert by plain git goes back as well.
    await facts(["promote", "rent@2", "--to", "staging"]);
    git("fetch", "-q", "origin", "registry");
    git("switch", "-q", "--detach", "FETCH_HEAD");
    git("revert", "--no-edit", "HEAD");
    git("push", "-q", "origin", "HEAD:registry");
    git("switch", "-q", "main");
    expect(await runs()).toEqual([1, 1]);
    expect((await mergeml("verify")).code).toBe(0);
  });

  it("refuse names there are not, and places where nothing runs", async () => {
    using scratch = await inStaging();
    await scratch.facts(["run", "rent"]);
    const refusals: [string[], string][] = [
      [["promote", "rent", "--to", "stagin"], "did you mean staging?"],
      [["rollback", "rent", "--environment", "production"], "no version of rent is in production"],
      [["promote", "rent", "--to", "staging", "--from", "staging"], "name two environments"],
      [["promote", "rent", "--to", "staging", "--from", "production"], "no version of rent runs in production"],
    ];
    for (const [args, message] of refusals) {
      const { code, stderr } = await scratch.mergeml(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  it.each([
    ["[staging]", "the last of environments must be production"],
    ["[challenger, production]", "challenger is the version that is tried beside production"],
    ["[Staging, production]", 'must hold names such as staging, not "Staging"'],
  ])("refuse %s in mergeml.yaml", async (list, message) => {
    using scratch = await initialised();
    scratch.write("mergeml.yaml", `environments: ${list}\n`);
    const { code, stdout, stderr } = await scratch.mergeml("validate");
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(message);
  });

  it("leave a registry without them as it was", async () => {
    using scratch = await initialised();
    await scratch.facts(["run", "rent"]);
    scratch.git("fetch", "-q", "origin", "registry");
    expect(scratch.git("log", "-1", "--format=%s", "FETCH_HEAD").trim()).toBe("promote(rent): none -> 1");
    expect(scratch.git("log", "-1", "--format=%B", "FETCH_HEAD")).not.toContain("Environment:");
    const files = scratch.git("ls-tree", "--name-only", "FETCH_HEAD", "models/rent/").trim().split("\n");
    expect(files).toEqual(["models/rent/production.json", "models/rent/versions"]);
    expect(readFileSync(join(scratch.root, "models/rent/model.yaml"), "utf8")).toBe(modelYaml());
  });
});
