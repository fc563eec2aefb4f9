import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../../errors/expected-error.ts";
import { findExecutable } from "../find-executable.ts";
import { isExecutable } from "./is-executable.ts";
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

/** The release of uv that is installed where there is none, and the SHA-256 of its wheels and sources on PyPI. */
const version = "0.13.8";
const hashes = [
  "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
  "0ec33661a14e38dea8dfb18167d2a4a5c7fe3d476c62dd8eb6acf5f378727201",
  "13050c64530a1ccfc223af0306a8152d41c0d36ea63bc19161221ca65dfe480a",
  "29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a",
  "5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203",
  "55c0b405e75dea1d1c53efc9a8e0725f4031be0e219ec2a08b15d78ece9a616a",
  "5ace7ec339798aca31be51a75fa7c1544fe84e02fadd17a9fa3324813bbaf237",
  "62b6943c7fd64fac6854f780bea6e0359e5a5bc3241f83ee357bb38276afac49",
  "63d807451e63c8d21b1b33c945af16438ac9d8ffddc59b31ce69c692135891f5",
  "6999618363d03a0a085a9491db319e00b461dbda205db06ef1fd55dfcbf6472b",
  "86f1319f851e645bc295bb921e6be19beae7e69216c75ae809010ca7817393aa",
  "87614f62b09e3571593ffe01bf2e1dccb8df928a8423324dba80c6d0e33060eb",
  "9cf0b7b12f13da6ab1c85694ab618d97a2bbd0c904cdea7f0172fb1dd768b9d5",
  "b26fe533dc6153787e40443b7d9428ed41349127bff36a954ec82c48be01ded9",
  "b4184029b1b7c54409b9cd4372c73a36ef9c2d1d7cf3b0aca59c8b1932f041dc",
  "b7124ca1956ec2e476a1003ea5715a15f0266afaec37f4dc9c6972ba8183e6d1",
  "bfcaada3989c7716ad4b58673cd1413fad4fdc6b2e446f9553db0ef18da20850",
  "cfbc13020a64cdf2f116d2936824c38edbf41e5c07f1ea291baf02e31ebf3ed0",
  "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
];

const folder = "uv";
const locked = `${folder}/requirements.txt`;

/** Commands that install uv with pip into a folder of its own, as the commands of `use` want it, and take it away again. */
function withOwnUv(
  interpreter: string,
  pipOptions: readonly string[],
  use: (uv: string) => readonly MakingCommand[],
): MakingCommand[] {
  const python = `${folder}/bin/python`;
  const requirement = [`uv==${version}`, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(" ");
  const write = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])";
  const options = [...pipOptions, "--no-deps", "--only-binary", ":all:"];
  return [
    { command: [interpreter, "-m", "venv", folder] },
    { command: [interpreter, "-c", write, locked, requirement] },
    { command: [python, "-m", "pip", "install", ...options, "-r", locked] },
    ...use(`${folder}/bin/uv`),
    { command: [interpreter, "-c", "import shutil, sys; shutil.rmtree(sys.argv[1])", folder] },
  ];
}
