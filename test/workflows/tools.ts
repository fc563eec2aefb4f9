import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../.cache/workflows");
const requirements = join(import.meta.dirname, "requirements.txt");

export const act = join(folder, "bin/act");
export const zizmor = join(folder, "bin/zizmor");

const actCache = join(import.meta.dirname, "../../.cache/act");
/** What jobs install once for all runs, and what act writes while it runs. */
export const [actTools, actRuns] = [join(actCache, "tools"), join(actCache, "runs")];

/** Installs act and zizmor under .cache/ once; again when the requirements change. */
export default function setup(): void {
  for (const left of [actRuns, join(actCache, "act")]) rmSync(left, { recursive: true, force: true });
  const mark = join(folder, "installed-requirements.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  execFileSync(join(folder, "bin/python"), pip, { stdio: "inherit" });
  writeFileSync(mark, wanted);
}
