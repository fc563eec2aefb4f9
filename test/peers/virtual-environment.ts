import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const cache = join(import.meta.dirname, "..", "..", ".cache");

export const python = pythonOf("peers");

/** Makes the virtual environment of the MLflow tests under .cache/ once; again when the requirements change. */
export default function setup(): void {
  makeEnvironment("peers", "requirements.txt");
}

/** The interpreter of a virtual environment under .cache/ with what requirements files name, relative to this one. */
export function makeEnvironment(name: string, ...requirements: string[]): string {
  const folder = join(cache, name);
  const files = requirements.map((file) => join(import.meta.dirname, file));
  const mark = join(folder, "installed-requirements.txt");
  const wanted = files.map((file) => readFileSync(file, "utf8")).join("\n");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return pythonOf(name);
  rmSync(folder, { recursive: true, force: true });
  execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  execFileSync(pythonOf(name), [...install, ...files.flatMap((file) => ["-r", file])], { stdio: "inherit" });
  writeFileSync(mark, wanted);
  return pythonOf(name);
}

function pythonOf(name: string): string {
  return join(cache, name, "bin", "python");
}
