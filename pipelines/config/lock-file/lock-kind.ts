import { posix } from "node:path";
import { checkConda } from "./conda-environment.ts";
import { checkDockerfile } from "./dockerfile.ts";
import { checkRenv } from "./renv-lock.ts";
import { checkRequirements } from "./requirements.ts";
import { checkUvLock } from "./uv-lock.ts";

/** What is wrong with a lock file, and on which of its lines, from 1. */
export interface LockFault {
  line: number;
  message: string;
  hint: string;
}

/** What makes the environment of a program out of its lock file. */
type LockKind = "pip" | "uv" | "conda" | "renv" | "docker";

interface KindOfLock {
  kind: LockKind;
  /** How the file is called that says it. */
  name: RegExp;
  /** Files beside it, and whether they must be there. */
  beside: Readonly<Record<string, "needed" | "read">>;
  /** The file whose every entry must say which bytes it means; the named one where none is said. */
  locked?: string;
  check(text: string): LockFault[];
}

const pythonVersion = { ".python-version": "read" } as const;

const kinds: readonly KindOfLock[] = [
  { kind: "pip", name: /^(.+[-_.])?requirements([-_.].+)?\.txt$/, beside: pythonVersion, check: checkRequirements },
  {
    kind: "uv",
    name: /^(pyproject\.toml|uv\.lock)$/,
    beside: { "pyproject.toml": "needed", "uv.lock": "needed", ...pythonVersion },
    locked: "uv.lock",
    check: checkUvLock,
  },
  { kind: "conda", name: /^environment\.ya?ml$/, beside: {}, check: checkConda },
  { kind: "renv", name: /^renv\.lock$/, beside: {}, check: checkRenv },
  { kind: "docker", name: /^(Dockerfile|Containerfile)(\..+)?$/, beside: {}, check: checkDockerfile },
];

/** The names that `params.environment` takes, for people. */
export const lockNames = "requirements.txt, pyproject.toml with uv.lock, environment.yml, renv.lock or Dockerfile";

/** A lock file by its path in the model's folder. */
export interface LockFile {
  kind: LockKind;
  /** As `params.environment` names it. */
  path: string;
  /** The file whose entries are checked, and which people know the lock by. */
  locked: string;
  /** Paths that belong to it, `path` among them, and whether they must be there. */
  files: Readonly<Record<string, "needed" | "read">>;
  check(text: string): LockFault[];
}

/** The lock file that a path names, or null for a name that says no kind of one. */
export function lockFileOf(path: string): LockFile | null {
  const [folder, name] = [posix.dirname(path), posix.basename(path)];
  const found = kinds.find((each) => each.name.test(name));
  if (!found) return null;
  const inFolder = (file: string) => posix.join(folder, file);
  const files = Object.entries({ [name]: "needed" as const, ...found.beside });
  return {
    kind: found.kind,
    path: inFolder(name),
    locked: inFolder(found.locked ?? name),
    files: Object.fromEntries(files.map(([file, need]) => [inFolder(file), need])),
    check: found.check,
  };
}
