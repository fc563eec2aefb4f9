import { UserError } from "../../errors/user-error.ts";
import { visibleText } from "../../errors/visible-text.ts";
import type { ProgramEnd } from "./run-program.ts";

/** What is known when a program failed. */
export interface Failure {
  end: Exclude<ProgramEnd, { state: "exited"; code: 0 }>;
  run: readonly string[];
  /** The end of its stdout and stderr. */
  stdout: readonly string[];
  stderr: readonly string[];
  timeoutMinutes: number;
  memoryGb: number;
  /** The model's folder relative to the repository, and the names of the program's files. */
  folder: string;
  files: readonly string[];
  /** The lock file of the environment that it ran in. */
  lock?: string;
}

/** Lines of output that an error shows. */
const shownLines = 20;

/** Turns the way in which a program failed into an error that shows its last words and says what to do. */
export function programError(failure: Failure): UserError {
  const said = lastWords(failure);
  const hint = hintFor(failure, said.join("\n"));
  const words = said.length > 0 ? `\n${said.map((line) => `  | ${line}`).join("\n")}` : "";
  return new UserError({ message: `${what(failure)}${words}`, ...(hint && { hint }), key: "params.run" });
}

function what({ end, run, timeoutMinutes }: Failure): string {
  const program = visibleText(run.join(" ")).slice(0, 200);
  switch (end.state) {
    case "timeout":
      return `${program} took longer than ${timeoutMinutes} minutes and was ended, with all it had started.`;
    case "not-started":
      return `${program} could not be started: ${end.reason}.`;
    case "killed":
      return `${program} was ended by ${end.signal}.`;
    case "lost":
      return `${program} was ended together with the process that watches it.`;
    case "exited":
      return `${program} ended with exit code ${end.code}.`;
  }
}

/** Errors are mostly on stderr; who writes them to stdout is heard too. */
function lastWords({ stdout, stderr }: Failure): string[] {
  return (stderr.length > 0 ? stderr : stdout).slice(-shownLines).map(visibleText);
}

const outOfMemory = /MemoryError|bad_alloc|out of memory|cannot allocate|memory exhausted|allocation failed/i;

/** What missing packages look like, in the words of the languages. */
const missingPackage: readonly { pattern: RegExp; file: string; install: (path: string) => string; name: string }[] = [
  {
    pattern: /ModuleNotFoundError: No module named '([^']+)'|ImportError: No module named (\S+)/,
    file: "requirements.txt",
    install: (path) => `pip install -r ${path}`,
    name: "Python package",
  },
  {
    pattern: /there is no package called ['‘"]([^'’"]+)['’"]/,
    file: "install.R",
    install: (path) => `Rscript ${path}`,
    name: "R package",
  },
  {
    pattern: /Cannot find (?:package|module) '([^']+)'/,
    file: "package.json",
    install: (path) => `npm install --prefix ${path.replace(/\/package\.json$/, "")}`,
    name: "Node package",
  },
];

function hintFor(failure: Failure, said: string): string | null {
  const { end, memoryGb } = failure;
  if (end.state === "timeout") {
    return "raise params.timeout_minutes, or train on less; for a program that hangs, see its last lines";
  }
  for (const { pattern, file, install, name } of missingPackage) {
    const [found, ...names] = pattern.exec(said) ?? [];
    if (found) return missing(failure, { name, module: names.find(Boolean) ?? "", file, install });
  }
  if (outOfMemory.test(said) || isKill(failure)) {
    const limit = memoryGb > 0 ? `raise params.memory_gb, now ${memoryGb}, or ` : "";
    return `it seems to have run out of memory: ${limit}train on less, or on a larger runner`;
  }
  return null;
}

/** The kernel ends what uses too much; under a limit of memory also a program that takes its memory for granted. */
function isKill({ end, memoryGb }: Failure): boolean {
  return end.state === "lost" || (end.state === "killed" && (end.signal === "SIGKILL" || memoryGb > 0));
}

function missing(
  { files, folder, lock }: Failure,
  about: { name: string; module: string; file: string; install: (path: string) => string },
): string {
  if (lock !== undefined)
    return `the ${about.name} ${about.module} is not in ${folder}/${lock}: add it there, and lock again`;
  const how = files.includes(about.file)
    ? about.install(`${folder}/${about.file}`)
    : `install it, and pin it in ${folder}/${about.file}`;
  const home = "Packages in your home folder are not seen: use a virtual environment on the PATH, or  env: [HOME]. ";
  const lasting = "Or name a lock file in params.environment: what it has is installed here and in every job";
  return `the ${about.name} ${about.module} is not installed: ${how}. ${about.name.startsWith("Python") ? home : ""}${lasting}`;
}
