import { spawnSync } from "node:child_process";
import { runProgram } from "./run-program.ts";

/** Makes sure that Rscript is on PATH: installs Debian's where this runs as root, as in CI; else says what is missing. */
export async function installR(): Promise<void> {
  if (spawnSync("Rscript", ["--version"]).status === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error("Rscript is not installed; on Debian and Ubuntu: apt-get install r-base-core");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await runProgram("apt-get", ["update", "-qq"], env);
  await runProgram("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "r-base-core"], env);
}
