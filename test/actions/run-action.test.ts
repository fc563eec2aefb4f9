import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Action, runAction } from "../../actions/shared/action.ts";
import { EnvironmentError, UserError } from "../../pipelines/errors/expected-error.ts";
import { gitFailure } from "../../pipelines/registry/git/failure.ts";

let [folder, printed] = ["", ""];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-run-action-"));
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs it as the runner would, and gives what is seen of it. */
async function ran(act: (action: Action) => Promise<void>, env: Record<string, string> = {}) {
  const summaryFile = join(folder, "summary.md");
  await runAction(act, { env: { GITHUB_STEP_SUMMARY: summaryFile, ...env }, waits: [0, 0] });
  const exitCode = process.exitCode;
  process.exitCode = undefined;
  return { exitCode, printed, summary: readSummary(summaryFile) };
}

function readSummary(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const failing = (error: unknown) => async () => {
  throw error;
};
const where = { file: "models/rent/model.yaml", line: 7, column: 11, length: 5, lineText: "params: { tress: 1 }" };

describe("a mistake of the user", () => {
  it("is an annotation on its line, and a short summary", async () => {
    const mistake = { message: "params.tress is not a param", hint: "did you mean trees?", where, key: "params.tress" };
    const { exitCode, printed, summary } = await ran(failing(new UserError([mistake])));
    expect(exitCode).toBe(1);
    const place = "file=models/rent/model.yaml,line=7,col=11,endColumn=16,title=mergeml%3A params.tress";
    expect(printed).toContain(`::error ${place}::params.tress is not a param%0Adid you mean trees?\n`);
    expect(summary).toBe("### ❌ 1 error\n\n- `models/rent/model.yaml:7:11 params.tress is not a param`\n");
  });

  it("is on its line in a folder of the repository, too", async () => {
    mkdirSync(join(folder, ".git"));
    mkdirSync(join(folder, "ml"));
    writeFileSync(join(folder, "ml/mergeml.yaml"), "");
    const env = { GITHUB_WORKSPACE: folder, "INPUT_WORKING-DIRECTORY": "./ml/" };
    const { printed } = await ran(failing(new UserError([{ message: "no", where }])), env);
    expect(printed).toContain("::error file=ml/models/rent/model.yaml,line=7,");
  });

  it("is one of many: the summary has twenty, and says how many more", async () => {
    const problems = Array.from({ length: 50 }, (_, i) => ({ message: `wrong ${i}` }));
    const { summary } = await ran(failing(new UserError(problems)));
    expect(summary).toContain("### ❌ 50 errors");
    expect(summary).toContain("wrong 19`\n- and 30 more\n");
    expect(summary).not.toContain("wrong 20");
  });

  it("cannot mention people or show images in the summary, nor speak to the runner", async () => {
    const message = "@octocat ![x](https://example.org/p.png) `<img src=x>`\n  ::add-mask::a ##[error]b";
    const { printed, summary } = await ran(failing(new UserError([{ message }])));
    expect(summary).toContain("- `@octocat ![x](https://example.org/p.png) '<img src=x>' ::add-mask::a ##[error]b`\n");
    expect(printed).not.toMatch(/^\s*::add-mask|^[^:]*##\[/m);
  });

  it("is not tried again", async () => {
    const act = vi.fn(failing(new UserError([{ message: "no" }])));
    await ran(act);
    expect(act).toHaveBeenCalledTimes(1);
  });
});

describe("a failure of the surroundings", () => {
  const lost = new EnvironmentError("origin did not answer", { tried: "git fetch", safe: "Nothing was changed." });

  it("is tried again, twice", async () => {
    let calls = 0;
    const { exitCode, printed } = await ran(async () => {
      calls += 1;
      if (calls < 3) throw lost;
    });
    expect([calls, exitCode]).toEqual([3, undefined]);
    expect(printed).toContain("origin did not answer\n  tried: git fetch\n  trying again in 0 s");
    expect(printed).not.toContain("::error");
  });

  it("is not tried again when it was refused for good, as by a ruleset of the branch", async () => {
    const output =
      "remote: error: GH013: Repository rule violations found for refs/heads/registry.\n! [remote rejected] a -> registry (push declined due to repository rule violations)";
    const act = vi.fn(failing(gitFailure({ args: ["push"], code: 1, output, safe: "Nothing was changed." })));
    const { printed } = await ran(act);
    expect(act).toHaveBeenCalledTimes(1);
    expect(printed).toContain("the remote's rules for this branch refused the push");
    expect(printed).toContain("Bypass list");
  });

  it("that lasts says what was tried and what is safe", async () => {
    const act = vi.fn(failing(lost));
    const { exitCode, printed, summary } = await ran(act);
    expect(act).toHaveBeenCalledTimes(3);
    expect(exitCode).toBe(1);
    const told = "origin did not answer%0Atried: git fetch%0Asafe: Nothing was changed.";
    expect(printed).toContain(`::error title=mergeml::${told}\n`);
    expect(summary).toBe("### ❌ `origin did not answer`\n\n`tried: git fetch`\n\n`safe: Nothing was changed.`\n");
  });
});

it("tells a bug with its stack, and where to report it", async () => {
  const act = vi.fn(async () => (undefined as unknown as { no: { such: never } }).no.such);
  const { exitCode, printed, summary } = await ran(act);
  expect(act).toHaveBeenCalledTimes(1);
  expect(exitCode).toBe(1);
  expect(printed).toContain("::error title=mergeml::a bug in mergeml: Cannot read properties of undefined");
  expect(printed).toMatch(/TypeError: Cannot read .+\n +at .+run-action\.test\.ts/);
  expect(printed).toContain("Please report it with these lines: to where you have mergeml from");
  expect(summary).toContain("### ❌ A bug in mergeml");
});
