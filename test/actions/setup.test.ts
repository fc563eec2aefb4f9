import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";

const source = join(import.meta.dirname, "../..");

/** mergeml as a runner has the actions of another repository: below a folder of its own, without dependencies. */
function checkOutTool({ folder }: Scratch): string {
  const root = join(folder, "_actions/mergeml/mergeml/v0.1.0");
  for (const path of ["actions", "pipelines", "scripts", "models/model.schema.json", "models/features.schema.json"])
    cpSync(join(source, path), join(root, path), { recursive: true });
  for (const path of ["package.json", "package-lock.json", ".npmrc"]) cpSync(join(source, path), join(root, path));
  return root;
}

/** The steps of actions/setup, with a runner's variables; `programs` come before those of the machine. */
function setUp(scratch: Scratch, root: string, programs: string = join(scratch.folder, "none"), cache = "true") {
  const action = join(root, "actions/setup");
  const runner = {
    ...scratch.env,
    PATH: [programs, dirname(process.execPath), process.env.PATH].join(delimiter),
    RUNNER_TOOL_CACHE: join(scratch.folder, "tools"),
    RUNNER_TEMP: join(scratch.folder, "temp"),
    SHARED: cache,
    GITHUB_PATH: join(scratch.folder, "path.txt"),
    GITHUB_ENV: join(scratch.folder, "env.txt"),
  };
  mkdirSync(runner.RUNNER_TEMP, { recursive: true });
  const bash = (script: string, more: object = {}) =>
    execFileSync("bash", [join(action, script)], {
      env: { ...runner, ...more } as NodeJS.ProcessEnv,
      encoding: "utf8",
      stdio: "pipe",
    });
  const found = Object.fromEntries(
    bash("find-installation.sh")
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2)),
  ) as Record<"root" | "lock" | "installation" | "installed", string>;
  const install = () => bash("install.sh", { ROOT: found.root, INSTALLATION: found.installation });
  return { found, install, path: () => readFileSync(runner.GITHUB_PATH, "utf8").trim().split("\n") };
}

/** An npm that installs one file, after `meanwhile`. */
function fakeNpm({ folder }: Scratch, meanwhile = ""): string {
  const programs = join(folder, "programs");
  mkdirSync(programs);
  const lines = ["#!/usr/bin/env bash", "set -e", meanwhile, "mkdir node_modules", "echo mine > node_modules/whose"];
  writeFileSync(join(programs, "npm"), `${lines.join("\n")}\n`, { mode: 0o755 });
  return programs;
}

describe("setup", () => {
  it("lets the sibling actions of another repository find their dependencies", () => {
    using scratch = makeScratch({ remote: false });
    const root = checkOutTool(scratch);
    expect(setUp(scratch, root).found).toMatchObject({ root, installed: "false" });
    // A link stands for thousands of files.
    symlinkSync(join(source, "node_modules"), join(root, "node_modules"));
    const { install, path } = setUp(scratch, root);
    install();
    expect(path()).toEqual([join(root, "node_modules/.bin"), join(root, "scripts")]);
    const [variable, compiled = ""] = readFileSync(join(scratch.folder, "env.txt"), "utf8").trim().split("=");
    expect(variable).toBe("NODE_COMPILE_CACHE");

    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ tress: 10 }" }));
    const summary = join(scratch.folder, "s.md");
    const env = {
      ...scratch.env,
      GITHUB_WORKSPACE: scratch.root,
      GITHUB_STEP_SUMMARY: summary,
      NODE_COMPILE_CACHE: compiled,
    };
    const validate = () =>
      execFileSync(process.execPath, [join(root, "actions/validate/main.ts")], {
        env,
        encoding: "utf8",
        stdio: "pipe",
      });
    expect(validate).toThrow(expect.objectContaining({ status: 1 }));
    expect(readFileSync(summary, "utf8")).toContain("models/rent/model.yaml:7:11 params.tress");
    scratch.write("models/rent/model.yaml", modelYaml());
    expect(validate()).toContain("1 model checked, no errors");
    expect(readdirSync(compiled)).not.toEqual([]); // the job's next step starts quicker
  });

  it("takes the dependencies of a checkout that has them", () => {
    using scratch = makeScratch({ model: false, remote: false });
    const root = checkOutTool(scratch);
    mkdirSync(join(root, "node_modules"));
    const { found, install } = setUp(scratch, root);
    expect(found.installed).toBe("true");
    install();
    expect(readdirSync(join(root, "node_modules"))).toEqual([]);
    expect(existsSync(found.installation)).toBe(false);
  });

  it("installs once for a lock file", () => {
    using scratch = makeScratch({ model: false, remote: false });
    const root = checkOutTool(scratch);
    const { found, install } = setUp(scratch, root, fakeNpm(scratch));
    install();
    expect(readFileSync(join(root, "node_modules/whose"), "utf8")).toBe("mine\n");
    expect(setUp(scratch, root).found).toMatchObject({ installation: found.installation, installed: "true" });
    writeFileSync(join(root, "package-lock.json"), "{}");
    expect(setUp(scratch, root).found.installation).not.toBe(found.installation);
  });

  it("gives no job what a program of another job has written", () => {
    using scratch = makeScratch({ model: false, remote: false });
    execFileSync("git", ["init", "-q", scratch.folder]); // a checkout, as on a runner
    const [judged, posting] = [checkOutTool(scratch), join(scratch.folder, "_actions/posting")] as const;
    const programs = fakeNpm(scratch);
    const training = setUp(scratch, judged, programs);
    training.install();
    cpSync(judged, posting, { recursive: true, filter: (path) => !path.includes("node_modules") });
    // A program that trains beside the installation that its job has, and beside the runner's.
    appendFileSync(join(judged, "node_modules/whose"), "the program's\n");
    const { installation } = training.found;
    const shared = setUp(scratch, posting, programs);
    expect(shared.found).toMatchObject({ installation, installed: "true" });
    shared.install();
    expect(readFileSync(join(posting, "node_modules/whose"), "utf8")).toBe("mine\n");

    rmSync(join(posting, "node_modules"), { recursive: true });
    appendFileSync(join(installation, "node_modules/whose"), "the program's\n");
    expect(shared.install()).toContain("something has written there");
    expect(readFileSync(join(posting, "node_modules/whose"), "utf8")).toBe("mine\n");

    // Who forges the list of files too gets no further than jobs that hold no token that writes.
    rmSync(join(posting, "node_modules"), { recursive: true });
    appendFileSync(join(installation, "node_modules/whose"), "the program's\n");
    const alone = setUp(scratch, posting, programs, "false");
    expect(alone.found).toMatchObject({ installed: "false" });
    expect(alone.found.installation).not.toBe(installation);
    alone.install();
    expect(readFileSync(join(posting, "node_modules/whose"), "utf8")).toBe("mine\n");
  });

  it("leaves alone what another job has installed meanwhile", () => {
    using scratch = makeScratch({ model: false, remote: false });
    const root = checkOutTool(scratch);
    const theirs = join(scratch.folder, "theirs.sh");
    const { found, install } = setUp(scratch, root, fakeNpm(scratch, `bash ${theirs}`));
    const modules = `${found.installation}/node_modules`;
    writeFileSync(
      theirs,
      `mkdir -p ${modules}\necho theirs > ${modules}/whose\nbash ${root}/actions/setup/digest.sh ${modules} > ${found.installation}/complete\n`,
    );
    install();
    expect(readFileSync(join(modules, "whose"), "utf8")).toBe("theirs\n");
    expect(readFileSync(join(root, "node_modules/whose"), "utf8")).toBe("theirs\n");
    expect(readdirSync(dirname(found.installation))).toHaveLength(1);
  });

  it("takes the place of one that a job did not finish", () => {
    using scratch = makeScratch({ model: false, remote: false });
    const root = checkOutTool(scratch);
    const { found, install } = setUp(scratch, root, fakeNpm(scratch));
    mkdirSync(join(found.installation, "node_modules/half"), { recursive: true });
    install();
    expect(readdirSync(join(root, "node_modules"))).toEqual(["whose"]);
    expect(statSync(join(found.installation, "complete")).isFile()).toBe(true);
  });
});
