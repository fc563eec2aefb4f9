import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const cache = join(import.meta.dirname, "..", "..", ".cache");

export const python = pythonOf("peers");

/** Makes the virtual environment of the MLflow tests under .cache/ once; again when the requirements change. */
export default function setup(): void {
  makeEnvironment("peers", "requirements.txt");
}

/** The interpreter of a virtual environment under .cache/ with what a requirements file beside this one names. */
export function makeEnvironment(name: string, requirements: string): string {
  const folder = join(cache, name);
  const file = join(import.meta.dirname, requirements);
  const mark = join(folder, "installed-requirements.txt");
  const wanted = readFileSync(file, "utf8");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return pythonOf(name);
  rmSync(folder, { recursive: true, force: true });
  execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file];
  execFileSync(pythonOf(name), install, { stdio: "inherit" });
  writeFileSync(mark, wanted);
  return pythonOf(name);
}

function pythonOf(name: string): string {
  return join(cache, name, "bin", "python");
}
