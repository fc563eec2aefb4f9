import { distance } from "fastest-levenshtein";

/** A place in a file the user wrote. Lines and columns count from 1; `length` is the number of characters to underline. */
export interface SourceLocation {
  file: string;
  line: number;
  column: number;
  length?: number;
  /** The text of the line, so that an error can show it without reading the file again. */
  lineText?: string;
}

/** One thing the user can mend: what is wrong, where, and how to mend it. */
export interface Problem {
  message: string;
  hint?: string;
  where?: SourceLocation;
  /** Dotted path of the key in model.yaml, e.g. `params.trees`. */
  key?: string;
  severity?: "error" | "warning";
  /** The job lacks a secret, and nothing is wrong with what the user wrote: a maintainer's job has it. */
  lacks?: "credential";
}

/** The user's input is wrong. Shown without a stack; the command exits with 2. Carries every problem found, not the first. */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(problem: Problem | readonly Problem[], options?: ErrorOptions) {
    const problems = Array.isArray(problem) ? (problem as readonly Problem[]) : [problem as Problem];
    super(problems.map((each) => each.message).join("\n"), options);
    this.name = "UserError";
    this.problems = problems;
  }
}

/**
 * The machine, the network, git or a disk failed; the user's input may be fine. The command exits with 3.
 * `tried` says what was attempted, `safe` what is certainly not lost, so that nobody has to guess.
 */
export class EnvironmentError extends Error {
  readonly tried: string;
  readonly safe: string;
  /** It was refused for good, as by a rule of the server: asking again changes nothing, only a person does. */
  readonly permanent: boolean;

  constructor(message: string, detail: { tried: string; safe: string; permanent?: boolean }, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvironmentError";
    this.tried = detail.tried;
    this.safe = detail.safe;
    this.permanent = detail.permanent ?? false;
  }
}

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

/** Each problem once: what several models share is wrong for all of them. */
export function distinctProblems(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/**
 * The candidate that a mistyped word was most likely meant to be, or null when none is close: one begins with the other, or
 * few edits (Levenshtein) lie between. Case and the kind of dash do not count.
 */
export function didYouMean(word: string, candidates: readonly string[]): string | null {
  const typed = folded(word.slice(0, 100));
  let best: { candidate: string; edits: number } | null = null;
  for (const candidate of candidates) {
    const edits = editsBetween(typed, folded(candidate));
    if (edits <= allowance(typed, candidate) && (!best || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate ?? null;
}

/** Letters that changed places count as one edit, and a word that goes on differently, as in warn and warning, as one and a half. */
function editsBetween(typed: string, candidate: string): number {
  const [short, long] = typed.length < candidate.length ? [typed, candidate] : [candidate, typed];
  const edits = distance(typed, candidate);
  if (sameLetters(typed, candidate)) return Math.min(edits, 1);
  return short.length >= 3 && long.startsWith(short) ? Math.min(edits, 1.5) : edits;
}

function sameLetters(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join("") === [...b].sort().join("");
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, "_");
}

/** Short words are close to too many others. */
function allowance(typed: string, candidate: string): number {
  const length = Math.max(typed.length, candidate.length);
  return length < 3 ? 0 : length === 3 ? 1 : Math.max(2, Math.floor(length / 3));
}
