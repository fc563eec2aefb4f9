import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { initialised } from "../scratch.ts";

const main = join(import.meta.dirname, "../../actions/gate/main.ts");

it("is red for a model that the push changes, and warns of one that was blocked before it", async () => {
  using scratch = await initialised();
  const { root, env, folder, git, write } = scratch;
  const [output, summary] = [join(folder, "output"), join(folder, "summary")];
  const gate = (since: string) => {
    for (const file of [output, summary]) writeFileSync(file, "");
    const inputs = { INPUT_MODELS: "rent", INPUT_SINCE: since, INPUT_SHARE: "false" };
    const files = { GITHUB_WORKSPACE: root, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary };
    const options = { env: { ...env, ...inputs, ...files } as NodeJS.ProcessEnv, timeout: 60_000, input: "" };
    const { status, stdout } = spawnSync(process.execPath, [main], { ...options, encoding: "utf8" });
    return { status, stdout };
  };
  const commit = (path: string, text: string) => {
    const before = git("rev-parse", "HEAD").trim();
    write(path, text);
    git("add", ".");
    git("commit", "-qm", "Change");
    return before;
  };
  const touching = commit("models/rent/NOTES.md", "A word.\n");
  expect(gate(touching)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("::error::rent: training gave no"),
  });
  expect(gate("").status).toBe(1); // started by hand
  const { status, stdout } = gate(commit("NOTES.md", "Words.\n"));
  expect(stdout).toContain("::warning::rent: training gave no candidate (blocked since before this push)");
  expect(status, stdout).toBe(0);
  expect(readFileSync(output, "utf8")).toContain('"outcome":"none"');
});
