import { posix } from "node:path";
import { yamlLibrary } from "../yaml/library.ts";
import { checkDockerfile } from "./dockerfile.ts";

const lockIt =
  "write requirements.in with what the program imports, then: uv pip compile requirements.in --universal --generate-hashes -o requirements.txt (or pip-compile --generate-hashes)";

/** Options that say where packages are, or in which form; the hashes say which bytes they are. */
const allowed =
  /^(-i|-f|--index-url|--extra-index-url|--find-links|--no-index|--prefer-binary|--no-binary|--only-binary|--require-hashes|--pre)\b/;
const otherFiles = /^(-r|-c|-e|--requirement|--constraint|--editable)\b/;
const hash = /\s--hash=(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})(?=\s|$)/;
const exactRequirement =
  /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(===?\s*[^\s;,*]+(?=\s|;|$)|@\s*https:\/\/\S+)/;

const exportIt =
  "name=version=build says which package it is: conda env export, or micromamba env export, of an environment that has what you want writes it";
const exact = /^([\w.-]+::)?[\w.-]+=[^=<>!*|, ]+=[^=<>!*|, ]+$/;

const snapshot = "renv::snapshot() writes it, with the version, source and hash of each package";

const hint = "uv lock writes it; packages from an index or a URL have hashes, those from git or a folder have none";

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

/** What of a uv.lock leaves open which bytes are installed. uv writes one entry a line, and so is it read. */
function checkUvLock(text: string): LockFault[] {
  const lines = text.split("\n");
  const faults: LockFault[] = [];
  let name = "";
  let archives = false;
  for (const [at, written] of lines.entries()) {
    const line = written.trim();
    const fault = (message: string) => faults.push({ line: at + 1, message, hint });
    if (line === "[[package]]") [name, archives] = ["", true];
    else if (/^\[/.test(line) && !/^\[package\./.test(line)) archives = false;
    name = /^name = "([^"]+)"/.exec(line)?.[1] ?? name;
    const [, source, of = ""] = /^source = \{ (\w+) = "([^"]*)"/.exec(line) ?? [];
    if (source === "git" || source === "path" || (isFolder(source) && of !== ".")) {
      fault(`${name} comes from ${source === "git" ? "git" : "a folder"}, and has no hash`);
    }
    const isArchive = archives && /\b(url|path) = "/.test(line) && /^(sdist = )?\{/.test(line);
    if (isArchive && !/\bhash = "sha(256|384|512):[0-9a-f]{64,128}"/.test(line)) fault(`${name} has no hash`);
  }
  if (lines.some((line) => /^version = \d+/.test(line))) return faults;
  return [{ line: 1, message: "it is not a file that uv wrote", hint: "uv lock writes it beside pyproject.toml" }];
}

function isFolder(source: string | undefined): boolean {
  return source === "directory" || source === "editable" || source === "virtual";
}

/** What of an renv.lock leaves open which packages are installed. */
function checkRenv(text: string): LockFault[] {
  const lock = parsed(text);
  if (!lock?.R?.Version || typeof lock.Packages !== "object" || lock.Packages === null) {
    return [{ line: 1, message: "it is not a file that renv wrote", hint: snapshot }];
  }
  return Object.entries(lock.Packages).flatMap(([name, entry]): LockFault[] => {
    const missing = ["Version", "Source", "Hash"].filter((key) => typeof entry?.[key] !== "string");
    if (missing.length === 0) return [];
    const message = `${name} has no ${missing.map((key) => key.toLowerCase()).join(", no ")}`;
    return [{ line: lineOf(text, name), message, hint: snapshot }];
  });
}

interface Written {
  R?: { Version?: string };
  Packages?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
}

function parsed(text: string): Written | null {
  try {
    return JSON.parse(text) as Written | null;
  } catch {
    return null;
  }
}

function lineOf(text: string, name: string): number {
  const before = text.slice(0, Math.max(0, text.indexOf(`${JSON.stringify(name)}: {`)));
  return before.split("\n").length;
}

/** What of an environment.yml leaves open which packages are installed: their channel has the hashes, by name, version and build. */
function checkConda(text: string): LockFault[] {
  const { LineCounter, isMap, isScalar, isSeq, parseDocument } = yamlLibrary();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  const lineOf = (node: unknown) => lines.linePos((node as { range?: [number] | null }).range?.[0] ?? 0).line;
  const [wrong] = document.errors;
  if (wrong) return [{ line: lines.linePos(wrong.pos[0]).line, message: "it is no YAML", hint: exportIt }];
  const list = isMap(document.contents) ? document.contents.get("dependencies", true) : null;
  if (!isSeq(list) || list.items.length === 0) {
    return [{ line: 1, message: "it has no list of dependencies", hint: exportIt }];
  }
  return list.items.flatMap((item): LockFault[] => {
    if (isScalar(item) && exact.test(String(item.value).trim())) return [];
    const line = lineOf(isMap(item) ? item.items[0]?.key : item);
    if (!isMap(item))
      return [{ line, message: `${String(item).trim().slice(0, 80)} is not pinned to one build`, hint: exportIt }];
    const hint = "take conda's package of that name, or lock Python's with environment: requirements.txt";
    return [{ line, message: "packages of pip have no hash here", hint }];
  });
}

/** What of a requirements.txt leaves open which bytes are installed. */
function checkRequirements(text: string): LockFault[] {
  const entries = logicalLines(text);
  if (!entries.some(({ entry }) => !entry.startsWith("-"))) {
    return [
      { line: 1, message: "it names no package", hint: `${lockIt}; a program that needs none needs no environment` },
    ];
  }
  return entries.flatMap(({ line, entry }) => {
    const fault = faultOf(entry);
    return fault ? [{ line, ...fault }] : [];
  });
}

function faultOf(entry: string): Omit<LockFault, "line"> | null {
  if (otherFiles.test(entry)) {
    return { message: `${shown(entry)} reads what is not in this file`, hint: `the lock is one file: ${lockIt}` };
  }
  if (entry.startsWith("-")) {
    if (allowed.test(entry)) return null;
    return {
      message: `the option ${shown(entry)} is not taken`,
      hint: "index and form of packages can be said here, no more",
    };
  }
  const [, name] = exactRequirement.exec(entry) ?? [];
  if (name === undefined) return { message: `${shown(entry)} is not pinned to one version`, hint: lockIt };
  if (!hash.test(entry)) return { message: `${name} has no hash`, hint: lockIt };
  return null;
}

/** Entries with the line that each begins on: a backslash joins lines, a # begins a comment. */
function logicalLines(text: string): { line: number; entry: string }[] {
  const found: { line: number; entry: string }[] = [];
  let open = false;
  for (const [at, written] of text.split("\n").entries()) {
    const isComment = /^\s*#/.test(written);
    const continues = !isComment && /\\\s*$/.test(written);
    const plain = written
      .replace(/(^|\s)#.*$/, "")
      .replace(/\\\s*$/, "")
      .trim();
    if (open && found.length > 0) found.at(-1)!.entry += ` ${plain}`;
    else found.push({ line: at + 1, entry: plain });
    open = continues;
  }
  return found.map(({ line, entry }) => ({ line, entry: entry.trim() })).filter(({ entry }) => entry !== "");
}

function shown(entry: string): string {
  return entry.split(/\s--hash/)[0]!.slice(0, 80);
}
