import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";

const aptInstall = join(import.meta.dirname, "../../scripts/apt-install.sh");

/** Makes sure that Rscript is on PATH: installs Debian's where this runs as root, as in CI; else says what is missing. */
export async function installR(): Promise<void> {
  if (spawnSync("Rscript", ["--version"]).status === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error("Rscript is not installed; on Debian and Ubuntu: apt-get install r-base-core");
  await runProgram(aptInstall, ["r-base-core"]);
}
