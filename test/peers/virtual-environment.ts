import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installR } from "./r-language.ts";
import { runProgram } from "./run-program.ts";

const cache = join(import.meta.dirname, "..", "..", ".cache");

/** Examples of `type: command` that need Python's packages. */
export const inPython = ["lightgbm", "sklearn", "xgboost"] as const;

/** The interpreter that has MLflow. */
export const python = pythonOf("peers");

/** Virtual environments under .cache/ by name, with their requirements files relative to this one. */
const environments = {
  peers: ["requirements.txt"],
  "peer-evidently": ["requirements-evidently.txt"],
  "peer-feast": ["requirements-feast.txt"],
  "peer-examples": inPython.map((name) => `../../models/examples/${name}/requirements.txt`),
} as const;

type Environment = keyof typeof environments;

/** Makes what the tests need once, before any of them runs: side by side, as half of it is waiting. */
export default async function setup(): Promise<void> {
  const names = Object.keys(environments) as Environment[];
  await Promise.all([installR(), ...names.map(makeEnvironment)]);
}

/** Makes a virtual environment; again when its requirements have changed. */
export async function makeEnvironment(name: Environment): Promise<void> {
  const folder = join(cache, name);
  const files = environments[name].map((file) => join(import.meta.dirname, file));
  const mark = join(folder, "installed-requirements.txt");
  const wanted = files.map((file) => readFileSync(file, "utf8")).join("\n");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  await runProgram("python3", ["-m", "venv", folder]);
  const install = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"];
  await runProgram(pythonOf(name), [...install, ...files.flatMap((file) => ["-r", file])]);
  writeFileSync(mark, wanted);
}

/** The interpreter of a virtual environment. */
export function pythonOf(name: Environment): string {
  return join(cache, name, "bin", "python");
}
