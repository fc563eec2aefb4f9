import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { UserError } from "../../errors/user-error.ts";

/** What to install, for programs that many models use. */
const installs: Readonly<Record<string, string>> = {
  python: "install Python 3 (https://www.python.org, or actions/setup-python in a workflow)",
  python3: "install Python 3 (https://www.python.org, or actions/setup-python in a workflow)",
  Rscript: "install R (https://cran.r-project.org, or r-lib/actions/setup-r in a workflow)",
  rustc: "install Rust (https://rustup.rs)",
  cargo: "install Rust (https://rustup.rs)",
  julia: "install Julia (https://julialang.org)",
  uv: "install uv (https://docs.astral.sh/uv)",
};

interface Places {
  path: string;
  /** Looked in first for a name with a slash: the scratch folder, then the model's folder, which may hold a .venv. */
  folders: readonly string[];
}

/** The absolute path of a program. Throws UserError that says what to install when it is not there. */
export async function findExecutable(program: string, { path, folders }: Places): Promise<string> {
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
  throw blocked && local ? notExecutable(program) : notInstalled(program, local);
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

function notInstalled(program: string, local: boolean): UserError {
  const install = installs[program] ?? "install it";
  return new UserError({
    message: local
      ? `params.run: there is no file ${program} in the model's folder.`
      : `params.run: ${program} is not installed, or not on the PATH.`,
    hint: local
      ? "write the path relative to the model's folder, and name the file in params.files"
      : `${install}, or name another program in params.run`,
    key: "params.run",
  });
}

function notExecutable(program: string): UserError {
  return new UserError({
    message: `params.run: ${program} is not executable.`,
    hint: `chmod +x ${program}, or name its interpreter first, as in [sh, ${program}]`,
    key: "params.run",
  });
}
