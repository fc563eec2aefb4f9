import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, matchesGlob } from "node:path";
import { EnvironmentError, type Problem } from "../errors/expected-error.ts";
import { sha256 } from "./canonical-json.ts";
import { plainBytes } from "./line-ends.ts";
import type { LoadedModel } from "./load-models.ts";
import { lockFileOf, lockNames } from "./lock-file/lock-kind.ts";
import { readLargeProjectFile } from "./project-file.ts";

/** Programs are texts; what is larger is data, and belongs into the feature query. */
const mostFiles = 2000;
const mostBytes = 64 * 1024 * 1024;

/** Made by programs, not by people. */
const passedOver = new Set(["__pycache__", "node_modules"]);

interface Found {
  path: string;
  size: number;
  plain: boolean;
}

/**
 * Hashes the files of a model's folder that `params.files` and `params.environment` name, by path, or says what is wrong with them.
 * Links are refused: a pull request may not make us read a file from elsewhere. Line ends count as git keeps them. Synchronous, like
 * all reading of configs.
 */
export function hashProgramFiles(
  root: string,
  model: Omit<LoadedModel, "files">,
): { files: Record<string, string>; problems: Problem[] } {
  const lock = readLock(root, model);
  const { files, problem } = hashNamedFiles(root, model);
  return { files: { ...files, ...lock.files }, problems: [...(problem ? [problem] : []), ...lock.problems] };
}

function hashNamedFiles(
  root: string,
  { config, file, query, locate }: Omit<LoadedModel, "files">,
): { files: Record<string, string>; problem: Problem | null } {
  const folder = dirname(file);
  const patterns = config.params.files as readonly string[];
  const problem = (message: string, hint: string, at: readonly (string | number)[] = []): Problem => {
    const where = locate(["params", "files", ...at]);
    return { message, hint, where, key: "params.files", severity: "error" };
  };
  const refuse = (...told: Parameters<typeof problem>) => ({ files: {}, problem: problem(...told) });
  const named = [basename(file), query.path.slice(folder.length + 1), config.drift.query];
  const all = listFiles(join(root, folder)).filter(({ path }) => !named.includes(path));
  for (const [at, pattern] of patterns.entries()) {
    if (pattern === "**" || all.some(({ path }) => matches(path, pattern))) continue;
    const hint = `params.files has paths in ${folder}, such as train.py or lib/*.py`;
    return refuse(`no file of ${folder} is ${JSON.stringify(pattern)}`, hint, [at]);
  }
  const wanted = all.filter(({ path }) => patterns.some((pattern) => matches(path, pattern)));
  const link = wanted.find(({ plain }) => !plain);
  if (link)
    return refuse(`${folder}/${link.path} is a link`, "put the file itself there, or leave it out of params.files");
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
  if (wanted.length > mostFiles || bytes > mostBytes) {
    const found = `${wanted.length.toLocaleString("en-US")} files with ${bytes.toLocaleString("en-US")} bytes`;
    const limits = `at most ${mostFiles.toLocaleString("en-US")} and ${mostBytes.toLocaleString("en-US")}`;
    return refuse(
      `params.files names ${found}; ${limits} are allowed`,
      "list what the program needs: files: [train.py]",
    );
  }
  return {
    files: Object.fromEntries(wanted.map(({ path }) => [path, hashOf(join(root, folder, path))])),
    problem: null,
  };
}

function matches(path: string, pattern: string): boolean {
  return path === pattern || matchesGlob(path, pattern);
}

function hashOf(path: string): string {
  return reading(path, () => sha256(plainBytes(readFileSync(path))));
}

/** Paths relative to `folder`, with slashes, in a fixed order. */
function listFiles(folder: string, below = ""): Found[] {
  const names = reading(folder, () => readdirSync(join(folder, below))).sort();
  return names.flatMap((name): Found[] => {
    if (name.startsWith(".") || passedOver.has(name)) return [];
    const path = below ? `${below}/${name}` : name;
    const stats = lstatSync(join(folder, path));
    if (stats.isDirectory()) return listFiles(folder, path);
    return [{ path, size: stats.size, plain: stats.isFile() }];
  });
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const detail = { tried: `reading ${path}`, safe: "nothing was changed" };
    throw new EnvironmentError(`cannot read the program's files: ${(cause as Error).message}`, detail, { cause });
  }
}

/** More faults of one file than anybody mends by hand. */
const mostFaults = 10;

type Read = { files: Record<string, string>; problems: Problem[] };

/**
 * The hashes of the files that `params.environment` names, by path in the model's folder, and every line of them that leaves open
 * which bytes are installed. Nothing where none is named.
 */
export function readLock(root: string, { config, file, locate }: Omit<LoadedModel, "files">): Read {
  const named = config.params.environment as string | undefined;
  if (named === undefined) return { files: {}, problems: [] };
  const folder = dirname(file);
  const key = "params.environment";
  const refuse = (message: string, hint: string, where = locate(["params", "environment"])): Problem => {
    return { message, hint, where, key, severity: "error" };
  };
  const lock = lockFileOf(named);
  if (!lock)
    return { files: {}, problems: [refuse(`${named} is no kind of lock file that is known`, `name ${lockNames}`)] };
  const found: Read = { files: {}, problems: [] };
  for (const [path, need] of Object.entries(lock.files)) {
    const read = readLargeProjectFile(root, `${folder}/${path}`);
    if (read.state === "read") found.files[path] = sha256(read.text);
    else if (read.state === "refused")
      found.problems.push(refuse(`${folder}/${path} cannot be used: ${read.reason}`, "put the file itself there"));
    else if (need === "needed")
      found.problems.push(
        refuse(
          `${folder}/${path} is not there`,
          `${named} is a file of the model's folder: write it there and commit it`,
        ),
      );
    if (read.state !== "read" || path !== lock.locked) continue;
    const faults = lock.check(read.text).slice(0, mostFaults);
    const at = (line: number) => ({ file: join(folder, path), line, column: 1 });
    found.problems.push(...faults.map(({ line, message, hint }) => refuse(message, hint, at(line))));
  }
  return found;
}
