import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { killLeftovers } from "../../../pipelines/training/command/leftover-processes.ts";
import { failure, makeProgram, type Program } from "./programs.ts";

/** Six seconds: time enough to start in, beside all the other tests. */
const soon = { timeout_minutes: 0.1 };

const copy = 'import { copyFileSync } from "node:fs"; copyFileSync("prepared.onnx", "model.onnx");\n';

/** Starts children that would stay for a minute, and notes their process ids outside. */
const startChildren = `import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
const sleep = ["-e", "setTimeout(() => {}, 60000)"];
const child = spawn("node", sleep, { stdio: "inherit" });
const daemon = spawn("node", sleep, { stdio: "inherit", detached: true });
const pids = process.argv[2] + "/pids";
writeFileSync(pids, [process.pid, child.pid, daemon.pid].join(" "));
`;

function startedBy({ outside }: Program): number[] {
  return readFileSync(join(outside, "pids"), "utf8").split(" ").map(Number);
}

/** Whether a process runs; one that has ended and waits for its parent to notice does not. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("a program that hangs is ended at its time limit", () => {
  test("with all that it started, be it in a session of its own", async () => {
    using program = makeProgram(`${startChildren} setTimeout(() => {}, 60000); console.log("waiting for godot");`);
    const { message, hint } = await failure(program, { params: soon });
    expect(message).toMatch(/^node fit\.mjs .+ took longer than 0\.1 minutes and was ended/);
    expect(message).toContain("| waiting for godot");
    expect(hint).toContain("raise params.timeout_minutes");
    expect(startedBy(program).filter(runs)).toEqual([]);
  });

  test("also when it ignores the request to end", async () => {
    using program = makeProgram('process.on("SIGTERM", () => {}); setTimeout(() => {}, 60000);');
    expect((await failure(program, { params: soon })).message).toContain("and was ended, with all it had started.");
  });

  test("and when it stops the process that watches it", async () => {
    using program = makeProgram('process.kill(process.ppid, "SIGKILL"); setTimeout(() => {}, 60000);');
    expect((await failure(program)).message).toContain("was ended together with the process that watches it.");
  });
});

test("children that would outlive the program are ended with it, and its model is used", async () => {
  using program = makeProgram(`${startChildren} ${copy} daemon.unref(); process.exit(0);`);
  const { model } = await program.train();
  expect(model.onnx.length).toBeGreaterThan(0);
  expect(startedBy(program).filter(runs)).toEqual([]);
});

describe("children that hide are ended with the program", () => {
  // Without its environment, its folder, its session, its group and its parent.
  test("with nothing left to know them by but their descent", async () => {
    using program = makeProgram("", {
      "fit.sh": `(cd / && exec env -i setsid sh -c 'echo $$ > "$1/pids"; exec sleep 60' sh "$1") > /dev/null 2>&1 &
        until [ -s "$1/pids" ]; do :; done
        cp prepared.onnx model.onnx\n`,
    });
    await program.train({ params: { run: ["sh", "fit.sh", program.outside] } });
    expect(startedBy(program).filter(runs)).toEqual([]);
  });

  test("when their supervisor is killed first, by the folder they work in", async () => {
    using program = makeProgram("", {
      "fit.sh": `env -i setsid sh -c 'echo $$ > "$1/pids"; exec sleep 60' sh "$1" > /dev/null 2>&1 &
        until [ -s "$1/pids" ]; do :; done
        kill -9 $PPID; sleep 60\n`,
    });
    const { message } = await failure(program, { params: { run: ["sh", "fit.sh", program.outside] } });
    expect(message).toContain("was ended together with the process that watches it.");
    expect(startedBy(program).filter(runs)).toEqual([]);
  });

  test("when their supervisor is killed before it tells of the program, by that folder or by their mark", async () => {
    using program = makeProgram("");
    const outside = { cwd: program.outside, env: {}, detached: true, stdio: "ignore" } as const;
    const inFolder = spawn("/bin/sleep", ["60"], { ...outside, cwd: program.folder });
    const marked = spawn("/bin/sleep", ["60"], { ...outside, env: { MERGEML_RUN: "of-this-test" } });
    const other = spawn("/bin/sleep", ["60"], outside);
    killLeftovers({ leader: null, mark: "MERGEML_RUN=of-this-test", folder: program.folder });
    expect([inFolder, marked, other].map(({ pid }) => runs(pid!))).toEqual([false, false, true]);
    other.kill();
  });

  test("when each lives only to start the next, in a session of its own", async () => {
    const perl = `open my $pids, ">", "$ARGV[0]/pids"; exit if fork; $SIG{CHLD} = "IGNORE"; my $end = time + 30;
      while (time < $end) { setsid(); seek $pids, 0, 0; syswrite $pids, "$$ "; fork and exit }`;
    using program = makeProgram("", {
      "hop.pl": `use POSIX "setsid"; ${perl}\n`,
      "fit.sh": 'perl hop.pl "$1" > /dev/null 2>&1; sleep 0.2; cp prepared.onnx model.onnx\n',
    });
    await program.train({ params: { run: ["sh", "fit.sh", program.outside] } });
    // Between two of them none runs: that none is started says that they are over.
    const last = startedBy(program);
    await setTimeout(300);
    expect(startedBy(program)).toEqual(last);
    expect(last.filter(runs)).toEqual([]);
  });
});

test("the program ends when mergeml is killed", async () => {
  using program = makeProgram(`${startChildren} setTimeout(() => {}, 60000);`);
  const trainer = new URL("./run-program-process.ts", import.meta.url).pathname;
  const args = [trainer, program.outside, process.execPath, join(program.folder, "fit.mjs"), program.outside];
  const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(parent, "exit");
  await expect.poll(() => existsSync(join(program.outside, "pids")), { timeout: 120_000 }).toBe(true);
  parent.kill("SIGKILL");
  await ended;
  await expect.poll(() => startedBy(program).filter(runs), { timeout: 120_000 }).toEqual([]);
});

test("stdin is closed: a program that asks gets no answer instead of waiting", async () => {
  using program = makeProgram(`${copy} process.stdin.on("data", () => {}).on("end", () => console.log("no answer"));`);
  await program.train();
  expect(program.log).toContain("    | no answer");
});

describe("output", () => {
  test("a flood is cut, and the program is not held up by it", async () => {
    using program = makeProgram(`${copy}
      for (let i = 0; i < 200000; i++) process.stdout.write("line " + i + "\\n");
      process.stdout.write("x".repeat(5_000_000));`);
    await program.train();
    const shown = program.log.filter((line) => line.startsWith("    | line "));
    expect(shown).toHaveLength(500);
    expect(program.log).toContain("    | … more output of the program is not shown");
  });

  test("a line without end is shown cut", async () => {
    using program = makeProgram(`${copy} process.stdout.write("y".repeat(1_000_000) + "\\nz");`);
    await program.train();
    const [long, last] = program.log.filter((line) => line.startsWith("    | "));
    expect(long).toHaveLength(2000 + "    |  …".length);
    expect(last).toBe("    | z");
  });
});

describe("a program that fails", () => {
  test("is told with its exit code and its last words", async () => {
    using program = makeProgram('console.log("fitting"); console.error("bad\\nworse"); process.exit(3);');
    const { message } = await failure(program);
    expect(message).toBe(`node fit.mjs ${program.outside} ended with exit code 3.\n  | bad\n  | worse`);
  });

  test("is told with the signal that ended it", async () => {
    using program = makeProgram('process.kill(process.pid, "SIGSEGV");');
    expect((await failure(program)).message).toContain("was ended by SIGSEGV.");
  });

  test.each([
    [
      "ModuleNotFoundError: No module named 'xgboost'",
      "the Python package xgboost is not installed: pip install -r models/rent/requirements.txt.",
    ],
    [
      "Error in library(glmnet) : there is no package called ‘glmnet’",
      "the R package glmnet is not installed: install it, and pin it in models/rent/install.R.",
    ],
    [
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'ml-cart' imported from",
      "the Node package ml-cart is not installed: install it, and pin it in models/rent/package.json.",
    ],
  ])("for want of a package is told what to install: %s", async (words, advice) => {
    using program = makeProgram(`console.error(${JSON.stringify(words)}); process.exit(1);`, {
      "requirements.txt": "xgboost\n",
    });
    expect((await failure(program)).hint).toContain(advice);
  });

  test("for want of memory is told so", async () => {
    using program = makeProgram("Buffer.alloc(4 * 2 ** 30).fill(1);");
    const { message, hint } = await failure(program, { params: { memory_gb: 2 } });
    expect(message).toContain("ended with exit code 1.");
    expect(hint).toContain("it seems to have run out of memory: raise params.memory_gb, now 2, or train on less");
  });
});

describe("a program that is not there", () => {
  test.each([
    ["python3", "params.run: python3 is not installed, or not on the PATH.", "install Python 3"],
    ["unheard-of", "params.run: unheard-of is not installed, or not on the PATH.", "that installs it, or name another"],
    ["./fit.sh", "params.run: there is no file ./fit.sh in the model's folder.", "relative to the model's folder"],
    ["./fit.mjs", "params.run: ./fit.mjs is not executable.", "chmod +x ./fit.mjs"],
  ])("%s", async (run, told, advice) => {
    using program = makeProgram(copy);
    const { message, hint } = await failure(program, { params: { run: [run] }, env: { PATH: "/nonexistent" } });
    expect(message).toBe(told);
    expect(hint).toContain(advice);
  });

  test("a broken interpreter line is the program's", async () => {
    using program = makeProgram(copy, { "fit.sh": "#!/nonexistent/shell\n" });
    chmodSync(join(program.folder, "fit.sh"), 0o755);
    expect((await failure(program, { params: { run: ["./fit.sh"] } })).message).toMatch(
      /^\.\/fit\.sh could not be started: spawn .+ ENOENT\.$/,
    );
  });
});

test("a script of the model runs by its own name", async () => {
  using program = makeProgram(copy, { "fit.sh": "#!/bin/sh\nexec node fit.mjs\n" });
  chmodSync(join(program.folder, "fit.sh"), 0o755);
  expect((await program.train({ params: { run: ["./fit.sh"] } })).model.onnx.length).toBeGreaterThan(0);
});
