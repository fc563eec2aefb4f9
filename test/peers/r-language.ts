import { execFileSync, spawnSync } from "node:child_process";

/** Makes sure that Rscript is on PATH: installs Debian's where this runs as root, as in CI; else says what is missing. */
export function requireR(): void {
  if (spawnSync("Rscript", ["--version"]).status === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error("Rscript is not installed; on Debian and Ubuntu: apt-get install r-base-core");
  const options = { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  execFileSync("apt-get", ["update", "-qq"], options);
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "r-base-core"], options);
}
