import { EnvironmentError } from "./environment-error.ts";
import { UserError } from "./user-error.ts";

/** What the operating system refuses because of how the repository's files are, and how to mend it. */
const ofFiles: Readonly<Record<string, readonly [string, string]>> = {
  ELOOP: ["is a link that leads to itself", "take the link away, or put the file itself there"],
  ENOTDIR: ["is below something that is not a folder", "a file stands where a folder is needed: move it away"],
  EISDIR: ["is a folder, not a file", "move the folder away, or name a file"],
  EEXIST: ["is there already, and is not what is needed", "a file stands where a folder is needed: move it away"],
  ENAMETOOLONG: ["has a name that is too long for this machine", "shorten it"],
};

/** What it refuses because of the machine. */
const ofMachine: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the disk may only be read",
  EACCES: "permission denied",
  EPERM: "the operation is not permitted",
  EIO: "the disk failed",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  EBUSY: "it is in use",
  ETXTBSY: "it is in use",
  ENOMEM: "the machine has no memory left",
  EAGAIN: "the machine has no room for another process",
};

/** An error of the operating system as one that is told without a stack; null for any other error. */
export function expectedFailure(error: unknown): UserError | EnvironmentError | null {
  if (!(error instanceof Error)) return null;
  const native = missingNative(error);
  if (native || !("syscall" in error)) return native;
  const { code = "", path, syscall = "" } = error as NodeJS.ErrnoException;
  const file = ofFiles[code];
  if (file) return new UserError({ message: `${path ?? "a path"} ${file[0]}`, hint: file[1] }, { cause: error });
  // Folders are made with all that are above them, so that none of these can be missing but on a disk that takes none.
  const meaning = code === "ENOENT" && syscall === "mkdir" ? "no folder can be made there" : ofMachine[code];
  if (meaning === undefined) return null;
  const tried = `${syscall}${path ? ` ${path}` : ""}`;
  const safe = "files are written beside their place and then renamed, so that none is half written; run it again";
  return new EnvironmentError(`${meaning}${path ? `: ${path}` : ""}`, { tried, safe }, { cause: error });
}

/** A job that was set up without native files, or a system that has none: the one package that is looked for and is not there. */
function missingNative(error: Error): EnvironmentError | null {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return null;
  const [, name] = /'(@duckdb\/[\w-]+|onnxruntime-node)(?:\/[^']*)?'/.exec(error.message) ?? [];
  if (name === undefined) return null;
  const tried = "a job's setup step has native: true when it reads data or a model; elsewhere, install mergeml again";
  const safe = "nothing was read or written";
  return new EnvironmentError(`${name} is not installed`, { tried, safe }, { cause: error });
}
