import { spawn } from "node:child_process";
import { once } from "node:events";

/** Of an installation beside everything else that a CI of two cores does. */
const limitMinutes = 45;

/** Runs a program with its output on the terminal. Throws when it fails. */
export async function runProgram(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: "inherit", timeout: limitMinutes * 60_000 });
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${signal ?? `exit code ${code}`}`);
}
