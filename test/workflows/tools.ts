import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".cache/workflows");
const requirements = join(import.meta.dirname, "requirements.txt");

export const act = join(folder, "bin/act");
export const zizmor = join(folder, "bin/zizmor");

const actCache = join(root, ".cache/act");
/** What jobs install once for all runs, and what act writes while it runs. */
export const [actTools, actRuns] = [join(actCache, "tools"), join(actCache, "runs")];

/** What a job's Node compiled, for the next job. */
export const actCompiled = join(actRuns, "compiled");

/** The packed release that tests of callers use, as adopters do. */
export const packed = join(actCache, "release");

/** Packs this checkout for this machine, once a run. */
function pack(): void {
  const platform = `${process.platform}-${process.arch}`;
  const args = [join(root, "scripts/package.ts"), "--dist", packed, "--platform", platform];
  rmSync(packed, { recursive: true, force: true });
  execFileSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], timeout: 600_000 });
}

/** Installs act and zizmor under .cache/ once; again when the requirements change. */
export default function setup(): void {
  for (const left of [actRuns, join(actCache, "act")]) rmSync(left, { recursive: true, force: true });
  mkdirSync(actCompiled, { recursive: true });
  process.env.NODE_COMPILE_CACHE ??= join(actRuns, "compiled-beside-jobs");
  execFileSync(join(root, "scripts/make-venv.sh"), [folder, "-r", requirements], {
    stdio: "inherit",
    timeout: 900_000,
  });
  pack();
}
