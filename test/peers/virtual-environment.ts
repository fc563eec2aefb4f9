import { join } from "node:path";
import { installR } from "./r-language.ts";
import { runProgram } from "./run-program.ts";

const root = join(import.meta.dirname, "..", "..");
const cache = join(root, ".cache");

/** Examples of `type: command` that need Python's packages. */
export const inPython = ["lightgbm", "sklearn", "xgboost"] as const;

/** The interpreter that has MLflow. */
export const python = pythonOf("peers");

/** Virtual environments under .cache/ by name, with their requirements files relative to this one. */
const environments = {
  peers: ["requirements.txt"],
  "peer-evidently": ["requirements-evidently.txt"],
  "peer-feast": ["requirements-feast.txt"],
  "peer-mlserver": ["requirements-mlserver.txt"],
  "peer-sigstore": ["requirements-sigstore.txt"],
  "peer-dvc": ["../../scripts/bench/peers/requirements-dvc.txt"],
  "peer-frouros": ["../../scripts/bench/peers/requirements-frouros.txt"],
  "peer-examples": inPython.map((name) => `../../models/examples/${name}/requirements.txt`),
} as const;

type Environment = keyof typeof environments;

/** Whose requirements name all that is needed, so that what else they ask for is left out: of MLflow, all but its own loader. */
const complete: readonly Environment[] = ["peer-mlserver"];

/** Beside which only benchmarks are run. */
const onlyForBenchmarks: readonly Environment[] = ["peer-dvc", "peer-frouros"];

/** Makes what the tests need once, before any of them runs: side by side, as half of it is waiting. */
export default async function setup(): Promise<void> {
  const names = (Object.keys(environments) as Environment[]).filter((name) => !onlyForBenchmarks.includes(name));
  await Promise.all([installR(), ...names.map(makeEnvironment)]);
}

/** Makes a virtual environment; again when its requirements have changed. */
export async function makeEnvironment(name: Environment): Promise<void> {
  const files = environments[name].flatMap((file) => ["-r", join(import.meta.dirname, file)]);
  await runProgram(join(root, "scripts/make-venv.sh"), [
    join(cache, name),
    ...(complete.includes(name) ? ["--no-deps"] : []),
    ...files,
  ]);
}

/** The interpreter of a virtual environment. */
export function pythonOf(name: Environment): string {
  return join(cache, name, "bin", "python");
}
