import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { apartFromJob, isolationOf } from "../../../pipelines/training/command/prove-apart.ts";
import { failure, makeProgram } from "./programs.ts";

/** What a program with bad intentions tries; it prints what it got. */
const attack = `import { appendFileSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
const tried = (name, act) => { try { console.log(name + ": " + act()); } catch (error) { console.log(name + ": " + error.code); } };
const [, , outside] = process.argv;
tried("tokens seen", () => {
  const pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  return pids.filter((pid) => { try { return readFileSync("/proc/" + pid + "/environ", "utf8").includes("job-token-4711"); } catch { return false; } }).length;
});
tried("installation", () => appendFileSync(outside + "/node_modules/report.js", "steal();\\n") ?? "written");
tried("commands", () => { const folder = outside + "/temp/_runner_file_commands"; return readdirSync(folder).map((file) => appendFileSync(folder + "/" + file, "PATH=/evil\\n")).length; });
tried("elsewhere", () => writeFileSync("/etc/mergeml-test", "") ?? "written");
tried("rights", () => /CapEff:\\s+(\\w+)/.exec(readFileSync("/proc/self/status", "utf8"))[1] + readFileSync("/proc/self/status", "utf8").match(/NoNewPrivs:\\s+1/)[0]);
tried("own", () => { for (const at of [process.env.HOME, process.env.TMPDIR, "/tmp", "."]) writeFileSync(at + "/mine", ""); return "written"; });
tried("seed", () => process.env.MERGEML_SEED);
copyFileSync("prepared.onnx", "model.onnx");
`;

const job = (outside: string) => ({
  GITHUB_ACTIONS: "true",
  RUNNER_TEMP: join(outside, "temp"),
  GITHUB_ENV: join(outside, "temp/_runner_file_commands/set_env_1"),
});

/** A folder with an installation that other jobs share, and files that later steps of the job read. */
function runner(outside: string): () => string[] {
  mkdirSync(join(outside, "node_modules"));
  mkdirSync(join(outside, "temp/_runner_file_commands"), { recursive: true });
  const files = ["node_modules/report.js", "temp/_runner_file_commands/set_env_1"].map((name) => join(outside, name));
  for (const file of files) writeFileSync(file, "first\n");
  return () => files.map((file) => readFileSync(file, "utf8"));
}

/** Containers without rights have no namespaces to give. */
const scratch = mkdtempSync(join(tmpdir(), "mergeml-test-"));
for (const folder of ["work", "tmp"]) mkdirSync(join(scratch, folder));
const isPossible = apartFromJob({ GITHUB_ACTIONS: "true" }, { scratch, program: "/bin/sh" }, () => {});
rmSync(scratch, { recursive: true });
const canRunApart = isPossible.wrap(["/bin/sh"]).length > 1;

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // ended meanwhile
  }
}

describe.runIf(canRunApart)("in a job, a program runs apart", () => {
  const step = spawn("sleep", ["600"], { env: { GITHUB_TOKEN: "job-token-4711", PATH: process.env.PATH } });
  afterAll(() => void step.kill());

  test("and reaches neither tokens in /proc, nor what later steps read, nor an installation that others share", async () => {
    using program = makeProgram(attack);
    const left = runner(program.outside);
    const { model } = await program.train({ env: job(program.outside) });
    expect(model.onnx.length).toBeGreaterThan(0);
    const said = program.log.filter((line) => line.includes("|")).map((line) => line.replace(/^\s*\| /, ""));
    expect(left()).toEqual(["first\n", "first\n"]);
    expect(said).toEqual([
      "tokens seen: 0",
      expect.stringMatching(/^installation: (ENOENT|EROFS)$/),
      expect.stringMatching(/^commands: (ENOENT|0)$/),
      "elsewhere: EROFS",
      "rights: 0000000000000000NoNewPrivs:\t1",
      "own: written",
      "seed: 7",
    ]);
  });

  test("also beside what it needs of a folder that would be hidden", async () => {
    using program = makeProgram(attack);
    const left = runner(program.outside);
    const PATH = `${program.outside}/temp/bin:${process.env.PATH}`;
    await program.train({ env: { ...job(program.outside), PATH } });
    expect(left()).toEqual(["first\n", "first\n"]);
    expect(program.log.join()).toContain("installation: EROFS");
    expect(program.log.join()).toContain("commands: 0");
  });

  test("and is ended with all that it started, told as it ended", async () => {
    using program = makeProgram("", {
      "fit.sh": "setsid sleep 4711 & (trap '' TERM; sleep 4711) & kill -SEGV $$\n",
    });
    const env = job(program.outside);
    const { message } = await failure(program, { params: { run: ["sh", "fit.sh"] }, env });
    expect(message).toContain("was ended by SIGSEGV");
    const hung = { params: { run: ["sh", "-c", "trap '' TERM; sleep 4711"], timeout_minutes: 0.05 }, env };
    expect((await failure(program, hung)).message).toContain("and was ended, with all it had started");
    const commands = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [commandOf(name)] : []));
    expect(commands.filter((each) => each === ["sleep", "4711", ""].join("\0"))).toEqual([]);
  });
});

test("where nothing can run apart, that is told, or refused", () => {
  const told: string[] = [];
  // A scratch folder that is not there cannot be the only one to write to: as with a kernel without namespaces, all ways fail.
  const place = { scratch: "/nowhere", program: "/bin/sh" };
  const apart = apartFromJob({ GITHUB_ACTIONS: "true" }, place, (message) => told.push(message));
  expect(apart.wrap(["/bin/sh"])).toEqual(["/bin/sh"]);
  expect(told.join()).toMatch(/lets no program run apart.+sudo without a password/);
  expect(() => apartFromJob({ MERGEML_ISOLATION: "required" }, place, () => {})).toThrow("lets no program run apart");
  expect([isolationOf({}), isolationOf({ GITHUB_ACTIONS: "true", MERGEML_ISOLATION: "none" })]).toEqual([
    "none",
    "none",
  ]);
  expect(() => isolationOf({ MERGEML_ISOLATION: "no" })).toThrow("isolation is no");
});
