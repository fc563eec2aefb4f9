import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { featuresSql, initialised, makeScratch, modelYaml, type Scratch } from "../scratch.ts";

const main = join(import.meta.dirname, "../../actions/plan/main.ts");

/** Runs the action as the runner does; `base` is the commit to compare with, `root` the checkout. */
function plan({ root: own, env, folder }: Scratch, base = "", root = own, more: Record<string, string> = {}) {
  const [output, summary] = [join(folder, "output"), join(folder, "summary")];
  for (const file of [output, summary]) writeFileSync(file, ""); // as the runner makes them
  const files = { GITHUB_WORKSPACE: root, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, INPUT_BASE: base };
  const run = {
    GITHUB_REPOSITORY: "octo/models",
    GITHUB_SERVER_URL: "https://a.test",
    GITHUB_API_URL: "https://a.test",
  };
  const { status, stdout } = spawnSync(process.execPath, [main], {
    env: { ...env, ...files, ...run, ...more } as NodeJS.ProcessEnv,
    encoding: "utf8",
    timeout: 60_000,
    input: "",
  });
  const read = (file: string) => readFileSync(file, "utf8");
  const outputs = [...read(output).matchAll(/^(\w+)<<(\S+)\n(.*?)\n\2$/gms)].map(([, name, , value]) => [name, value]);
  return { status, stdout, summary: read(summary), outputs: Object.fromEntries(outputs) as Record<string, string> };
}

describe("the plan of a deploy", () => {
  it("asks for the registry before anything is trained", () => {
    using scratch = makeScratch();
    const { status, stdout, outputs } = plan(scratch);
    expect(status).toBe(1);
    expect(stdout).toContain("there is no branch registry yet: a model needs a registry to be deployed to");
    expect(stdout).toContain("create it once: mergeml init");
    expect(outputs).toEqual({});
  });

  it("has the sound models, and marks the mistakes of others on their lines", async () => {
    using scratch = await initialised();
    scratch.write("models/broken/model.yaml", modelYaml({ name: "broken", type: "linaer" }));
    const { status, stdout, outputs, summary } = plan(scratch);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^::error file=models\/broken\/model\.yaml,line=5,/m);
    expect(outputs).toMatchObject({ count: "1", affected: "2" });
    expect(JSON.parse(outputs.matrix ?? "")).toEqual({
      include: [{ name: "rent", models: "rent", runner: '"ubuntu-latest"', timeout: 60 }],
    });
    expect(summary).toMatch(/rent +new +nothing in production/);
    expect(summary).toContain("models/broken/model.yaml:5:");
  });

  it("is not red by a mistake that an earlier push brought", async () => {
    using scratch = await initialised();
    const { git, write } = scratch;
    const commit = (path: string, text: string) => {
      const before = git("rev-parse", "HEAD").trim();
      write(path, text);
      git("add", ".");
      git("commit", "-qm", "Change");
      return before;
    };
    const before = commit("models/broken/model.yaml", modelYaml({ name: "broken", type: "linaer" }));
    const since = { INPUT_SINCE: before };
    expect(plan(scratch, "", undefined, since).status).toBe(1);
    const later = plan(scratch, "", undefined, { INPUT_SINCE: commit("NOTES.md", "Words.\n") });
    expect(later.status, later.stdout).toBe(0);
    expect(later.stdout).toMatch(/::warning::models\/broken\/model\.yaml:5: .*\(not of this push\)/);
    expect(later.outputs.count).toBe("1");
  });

  it("says that no model is affected", async () => {
    using scratch = await initialised();
    const base = scratch.git("rev-parse", "HEAD").trim();
    scratch.write("NOTES.md", "Words.\n");
    scratch.git("add", ".");
    scratch.git("commit", "-qm", "Write");
    const { status, outputs, summary } = plan(scratch, base);
    expect(status).toBe(0);
    expect(outputs).toMatchObject({ count: "0", affected: "0", matrix: '{"include":[]}' });
    expect(summary).toContain("No model is affected.");
  });
});

it("knows what a pull request changes in a checkout as GitHub makes it: the test merge and its parents alone", async () => {
  using scratch = makeScratch();
  const { git, write, folder } = scratch;
  await scratch.facts(["init"]);
  write("models/price/model.yaml", modelYaml({ name: "price" }));
  write("models/price/features.sql", featuresSql);
  git("add", ".");
  git("commit", "-qm", "Add price");
  const base = git("rev-parse", "HEAD").trim();
  git("switch", "-qc", "theirs");
  for (const trees of [20, 30]) {
    write("models/rent/model.yaml", modelYaml({ params: `{ trees: ${trees} }` }));
    git("commit", "-qam", `Grow ${trees} trees`);
  }
  git("switch", "-q", "--detach", base);
  write("NOTES.md", "Meanwhile.\n");
  git("add", ".");
  git("commit", "-qm", "Move main on");
  git("merge", "-q", "--no-ff", "-m", "Merge", "theirs");
  git("push", "-q", "origin", "HEAD:refs/pull/1/merge");

  const root = join(folder, "checkout");
  git("init", "-q", root);
  git("-C", root, "remote", "add", "origin", `file://${join(folder, "origin.git")}`);
  git("-C", root, "fetch", "-q", "--no-tags", "--depth=2", "origin", "+refs/pull/1/merge:refs/remotes/pull/1/merge");
  git("-C", root, "checkout", "-q", "--detach", "refs/remotes/pull/1/merge");
  const { stdout, outputs } = plan(scratch, base, root);
  expect(outputs, stdout).toMatchObject({ count: "1", affected: "1" });
  expect(outputs.matrix).toContain('"models":"rent"');
});
