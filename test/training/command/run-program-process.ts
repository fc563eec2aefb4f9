import { runProgram } from "../../../pipelines/training/command/run-program.ts";

/** A mergeml that can be killed while its program runs. */
const [folder, program, ...args] = process.argv.slice(2);
const env = { PATH: process.env.PATH ?? "" };
const quiet = { stdout() {}, stderr() {} };
await runProgram({ program: program!, args, cwd: folder!, env, timeoutSeconds: 600, ...quiet });
