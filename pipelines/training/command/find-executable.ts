import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { UserError } from "../../errors/expected-error.ts";

/** What to install, for programs that many models use, and the action that does it in a workflow. */
const installs: Readonly<Record<string, readonly [what: string, action?: string]>> = {
  python: ["Python 3 (https://www.python.org)", "actions/setup-python"],
  python3: ["Python 3 (https://www.python.org)", "actions/setup-python"],
  Rscript: ["R (https://cran.r-project.org)", "r-lib/actions/setup-r"],
  rustc: ["Rust (https://rustup.rs)"],
  cargo: ["Rust (https://rustup.rs)"],
  julia: ["Julia (https://julialang.org)", "julia-actions/setup-julia"],
  micromamba: ["micromamba or conda (https://mamba.readthedocs.io)", "mamba-org/setup-micromamba"],
  docker: ["Docker or Podman (https://docs.docker.com/engine/install)"],
};

interface Places {
  path: string;
  /** Looked in first for a name with a slash: the scratch folder, then the model's folder, which may hold a .venv. */
  folders: readonly string[];
  /** The param that wants it; `run` when none is given. */
  key?: "run" | "environment";
}

/** The absolute path of a program. Throws UserError that says what to install when it is not there. */
export async function findExecutable(program: string, { path, folders, key = "run" }: Places): Promise<string> {
  const local = program.includes("/");
  const candidates = isAbsolute(program)
    ? [program]
    : (local ? folders : path.split(delimiter).filter(isAbsolute)).map((folder) => join(folder, program));
  let blocked: string | null = null;
  for (const file of candidates) {
    if (!(await isFile(file))) continue;
    if (await isExecutable(file)) return file;
    blocked ??= file;
  }
  throw blocked && local ? notExecutable(program) : notInstalled(program, local, key);
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function notInstalled(program: string, local: boolean, key: "run" | "environment"): UserError {
  const otherwise = key === "run" ? "name another program in params.run" : "name another kind of lock file";
  return new UserError({
    message: local
      ? `params.run: there is no file ${program} in the model's folder.`
      : `params.${key}: ${program} is not installed, or not on the PATH.`,
    hint: local
      ? "write the path relative to the model's folder, and name the file in params.files"
      : `${installing(program)}, or ${otherwise}`,
    key: `params.${key}`,
  });
}

/** How to get a program here, and on a runner of GitHub. */
function installing(program: string): string {
  const [what = "it", action] = installs[program] ?? (program.startsWith("python3.") ? installs.python3! : []);
  const step = action ? `uses ${action}` : "installs it";
  return `install ${what}; in a workflow, give the input \`setup\` the folder of a composite action of yours that ${step}`;
}

function notExecutable(program: string): UserError {
  return new UserError({
    message: `params.run: ${program} is not executable.`,
    hint: `chmod +x ${program}, or name its interpreter first, as in [sh, ${program}]`,
    key: "params.run",
  });
}
