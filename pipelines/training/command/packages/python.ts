import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../../errors/user-error.ts";
import { findExecutable } from "../find-executable.ts";
import { isExecutable } from "./is-executable.ts";
import { withOwnUv } from "./own-uv.ts";
import type { Equipment, Making, MakingCommand, Recipe } from "./recipe.ts";

const run = promisify(execFile);

/** Where the environment is in the folder that is made. */
const place = "python";

/** A virtual environment out of requirements.txt: by uv where that is, a tenth of pip's time; else by pip. */
export async function pipRecipe(making: Making): Promise<Recipe> {
  const { lock, env } = making;
  const wanted = await versionFile(making);
  const interpreter = await findPython(wanted ? `python${wanted}` : "python3", env);
  const uv = await findExecutable("uv", { path: env.PATH ?? "", folders: [] }).catch(() => null);
  const python = join(place, "bin/python");
  const byPip: MakingCommand[] = [
    { command: [interpreter, "-m", "venv", place] },
    { command: [python, "-m", "pip", "install", ...pipOptions, "--only-binary", ":all:", "-r", lock.path] },
  ];
  const target = ["--python", python];
  const byUv = (program: string): MakingCommand[] =>
    [
      ["venv", "--python", interpreter, place],
      ["pip", "sync", ...target, "--require-hashes", "--only-binary", ":all:", lock.path],
      ["pip", "check", ...target],
    ].map((words) => ({ command: [program, ...words], variables: uvVariables }));
  return { ...(await pythonRecipe(interpreter)), commands: () => (uv ? byUv(uv) : byPip) };
}

/**
 * A virtual environment out of uv.lock, in which the project itself is not installed: its files are the program's. Where there is no
 * uv, as on a hosted runner, pip brings one for the time being.
 */
export async function uvRecipe(making: Making): Promise<Recipe> {
  const { lock, env } = making;
  const uv = await findExecutable("uv", { path: env.PATH ?? "", folders: [] }).catch(() => null);
  const wanted = uv ? null : await versionFile(making);
  const interpreter = uv ? await askUv(uv, making) : await findPython(wanted ? `python${wanted}` : "python3", env);
  const options = ["--frozen", "--no-dev", "--no-install-project", "--no-build", "--python", interpreter];
  const sync = (made: string) => (program: string) => [
    {
      command: [program, "sync", "--project", dirname(lock.path), ...options] as const,
      variables: { ...uvVariables, UV_PROJECT_ENVIRONMENT: join(made, place) },
    },
  ];
  const commands = (made: string) => (uv ? sync(made)(uv) : withOwnUv(interpreter, pipOptions, sync(made)));
  return { ...(await pythonRecipe(interpreter)), commands };
}

/** The Python that uv takes for the project. */
async function askUv(uv: string, { lock, folder, env }: Making): Promise<string> {
  const project = join(folder, dirname(lock.path));
  const variables = { ...uvVariables, PATH: env.PATH ?? "", HOME: folder };
  const asked = run(uv, ["python", "find", "--project", project], { cwd: project, env: variables, timeout: 60_000 });
  const { stdout } = await asked.catch((cause: Error & { stderr?: string }) => {
    throw noPython(`uv found no Python that ${lock.locked} takes: ${(cause.stderr ?? cause.message).trim()}`, cause);
  });
  return stdout.trim();
}

const pipOptions = [
  "--require-hashes",
  "--no-input",
  "--no-cache-dir",
  "--disable-pip-version-check",
  "--progress-bar=off",
];

/** Whole copies, compiled now: a program may not write there. */
const uvVariables = {
  UV_COMPILE_BYTECODE: "1",
  UV_LINK_MODE: "copy",
  UV_NO_CACHE: "1",
  UV_NO_PROGRESS: "1",
  UV_PYTHON_DOWNLOADS: "never",
  UV_HTTP_TIMEOUT: "180",
};

async function pythonRecipe(interpreter: string): Promise<Omit<Recipe, "commands">> {
  const script =
    "import json, os, platform, sys, sysconfig; print(json.dumps([platform.python_version(), sys.implementation.cache_tag, sysconfig.get_platform(), ''.join(platform.libc_ver()), os.path.realpath(sys.executable)]))";
  const asked = run(interpreter, ["-I", "-c", script], { timeout: 60_000 });
  const { stdout } = await asked.catch((cause: Error) => {
    throw noPython(`${interpreter} does not run: ${cause.message.split("\n").slice(0, 3).join(" ")}`, cause);
  });
  const [version = "", ...machine] = JSON.parse(stdout) as string[];
  return {
    facts: { python: version },
    machine,
    equipment: (folder): Equipment => ({
      path: [join(folder, place, "bin")],
      variables: { VIRTUAL_ENV: join(folder, place) },
    }),
    isUsable: (folder) => isExecutable(join(folder, place, "bin/python")),
  };
}

/** The major and minor version that a .python-version beside the lock asks for. */
async function versionFile({ lock, folder, files }: Making): Promise<string | null> {
  const path = Object.keys(lock.files).find((each) => each.endsWith(".python-version"));
  if (path === undefined || files[path] === undefined) return null;
  const text = await readFile(join(folder, path), "utf8");
  const version = /^\s*(?:cpython-|python)?(3\.\d{1,2})/m.exec(text)?.[1];
  if (version) return version;
  throw noPython(`${path} says no version of Python 3: ${text.trim().slice(0, 40)}`);
}

function findPython(name: string, { PATH = "" }: Making["env"]): Promise<string> {
  return findExecutable(name, { path: PATH, folders: [], key: "environment" });
}

function noPython(message: string, cause?: Error): UserError {
  const hint =
    "install it; in a workflow, give the input `setup` the folder of a composite action of yours that uses actions/setup-python";
  return new UserError({ message, hint, key: "params.environment" }, cause && { cause });
}
