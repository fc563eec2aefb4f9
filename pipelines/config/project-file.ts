import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { EnvironmentError } from "../errors/expected-error.ts";
import { plainLineEnds } from "./line-ends.ts";
import { MAX_FILE_BYTES } from "./yaml/source-text.ts";

/** A file of the user's repository as text, that it is not there, or why it is refused. */
export type ProjectFile = { state: "read"; text: string } | { state: "absent" } | { state: "refused"; reason: string };

/**
 * Reads a small text file of the user's repository; `path` is relative to `root`, written with slashes and without `..`.
 * Links are refused at every step below the root: a pull request may not make us show or use a file from elsewhere.
 * Synchronous, because for a thousand small files that is six times faster.
 */
export function readProjectFile(root: string, path: string): ProjectFile {
  return readUpTo(root, path, MAX_FILE_BYTES);
}

/** A file that a tool writes, such as the lock of a thousand packages. */
const mostWritten = 8 * 1024 * 1024;

/** As `readProjectFile`, of a file that no person writes by hand and that is therefore longer. */
export function readLargeProjectFile(root: string, path: string): ProjectFile {
  return readUpTo(root, path, mostWritten);
}

function readUpTo(root: string, path: string, most: number): ProjectFile {
  try {
    return findObstacle(root, path, most) ?? decode(readFileSync(join(root, path)));
  } catch (cause) {
    if (isAbsent(cause)) return { state: "absent" };
    const detail = { tried: `reading ${path}`, safe: "nothing was changed" };
    throw new EnvironmentError(`cannot read ${path}: ${(cause as Error).message}`, detail, { cause });
  }
}

function findObstacle(root: string, path: string, most: number): ProjectFile | null {
  const parts = path.split("/");
  for (let count = 1; count <= parts.length; count++) {
    const step = parts.slice(0, count).join("/");
    const stats = lstatSync(join(root, step));
    if (stats.isSymbolicLink()) return refused(`${step} is a link; put the file itself there`);
    if (count < parts.length) continue;
    if (!stats.isFile()) return refused(`${step} is not a file`);
    if (stats.size > most) {
      const allowed = `at most ${most.toLocaleString("en-US")} are allowed`;
      return refused(`${step} has ${stats.size.toLocaleString("en-US")} bytes; ${allowed}`);
    }
  }
  return null;
}

/** Whether a path, relative to the root or absolute, is outside of it, as far as its folders exist and wherever their links lead. */
export function leadsOutside(root: string, path: string): boolean {
  const real = realpathSync(root);
  let folder = resolve(root, path);
  while (!isThere(folder) && folder !== dirname(folder)) folder = dirname(folder);
  const place = realpathOrNull(folder);
  return place === null || !`${place}${sep}`.startsWith(`${real}${sep}`);
}

/** A link that leads to nothing is there. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return !isAbsent(error);
  }
}

function realpathOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function refused(reason: string): ProjectFile {
  return { state: "refused", reason };
}

function decode(bytes: Buffer): ProjectFile {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { state: "read", text: plainLineEnds(text) };
  } catch {
    const line = firstBadLine(bytes);
    return refused(`line ${line} is not UTF-8 text; save the file as UTF-8`);
  }
}

function firstBadLine(bytes: Buffer): number {
  const lines = bytes.toString("utf-8").split("\ufffd", 1)[0]!;
  return lines.split("\n").length;
}

/** ENOTDIR: a file stands where the path has a folder. ENAMETOOLONG: no such file can be. */
function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes((error as NodeJS.ErrnoException).code ?? "");
}
