import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Runs zizmor, which is a Python package, on workflows and actions where this machine has it; `npm run test:workflows` installs and always runs it. */
const own = join(import.meta.dirname, "../.cache/workflows/bin/zizmor");
const args = ["--offline", "--no-progress", "--quiet", "--config", "zizmor.yml", ".github/workflows", "actions"];
const done = spawnSync(existsSync(own) ? own : "zizmor", args, { stdio: "inherit", timeout: 120_000 });
const missing = (done.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
if (missing) process.stdout.write("zizmor is not on this machine: npm run test:workflows installs and runs it\n");
process.exitCode = missing ? 0 : (done.status ?? 1);
