import { mkdir, mkdtemp, open, readdir, readFile, realpath, rm, stat, utimes } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeAside } from "../../../workspace/write-aside.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** What is kept beside an environment's folder; the environment is whole when this is there. */
interface Kept {
  format: 1;
  /** Where it was made, absolute: it does not work elsewhere. */
  folder: string;
  /** What it was made of, for people. */
  lock: string;
}

/** Nobody makes one for longer; who seems to do so was killed. */
const longestMakingMs = 40 * 60_000;
const pauseMs = 200;

/**
 * Where environments are kept: MERGEML_ENVIRONMENTS, or a folder of the user's cache; in a job of GitHub Actions of its workspace,
 * because what another job left on a runner was perhaps written by another's program.
 */
export function environmentsFolder(env: Variables): string {
  const given = env.MERGEML_ENVIRONMENTS;
  if (given && isAbsolute(given)) return given;
  if (env.GITHUB_ACTIONS === "true" && env.GITHUB_WORKSPACE) return join(env.GITHUB_WORKSPACE, ".mergeml/environments");
  const home = env.HOME || homedir();
  const cache = process.platform === "darwin" ? join(home, "Library/Caches") : join(home, ".cache");
  return join(
    env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : cache,
    "mergeml/environments",
  );
}

/** The folder of the whole environment of a key, or null when there is none. That it was used is noted. */
export async function keptEnvironment(all: string, key: string): Promise<string | null> {
  const file = fileOf(all, key);
  try {
    const kept = JSON.parse(await readFile(file, "utf8")) as Kept;
    const folder = join(await realpath(all), basename(kept.folder));
    const isOurs = kept.format === 1 && kept.folder === folder && basename(folder).startsWith(`${key}-`);
    if (!isOurs || !(await stat(folder)).isDirectory()) return null;
    const now = new Date();
    await utimes(file, now, now).catch(() => {}); // a folder that may only be read
    return folder;
  } catch {
    return null; // none, or half of one
  }
}

/** A folder for a new environment: it stays where it is, as interpreters keep their own paths. */
export async function newFolder(all: string, key: string): Promise<string> {
  await mkdir(all, { recursive: true });
  return realpath(await mkdtemp(join(all, `${key}-`)));
}

/** Says that a folder is whole: from now on it is the environment of its key. */
export async function keepEnvironment(all: string, key: string, { folder, lock }: Omit<Kept, "format">): Promise<void> {
  const kept: Kept = { format: 1, folder, lock };
  await writeAside(fileOf(all, key), `${JSON.stringify(kept)}\n`);
}

/**
 * Waits until nobody else on this machine makes the environment of a key. It is a courtesy that saves work: were two to make it,
 * each would make it whole, and the later one's counts.
 */
export async function takeTurn(all: string, key: string): Promise<AsyncDisposable> {
  await mkdir(all, { recursive: true });
  const file = join(all, `${key}.making`);
  while (!(await begun(file))) {
    if (await isLeft(file)) await rm(file, { force: true });
    else await sleep(pauseMs);
  }
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

async function begun(file: string): Promise<boolean> {
  try {
    const made = await open(file, "wx");
    await made.writeFile(`${hostname()} ${process.pid}`);
    await made.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whoever wrote it has ended, or is on another machine and long silent. */
async function isLeft(file: string): Promise<boolean> {
  try {
    const [host, pid] = (await readFile(file, "utf8")).split(" ");
    const age = Date.now() - (await stat(file)).mtimeMs;
    if (age > longestMakingMs) return true;
    return host === hostname() && pid !== undefined && !isAlive(Number(pid));
  } catch {
    return false; // just gone: the next try tells
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What lies in the folder of all and is of no use: unused since `oldest` (milliseconds since 1970), or made by half. Absolute paths. */
export async function oldEnvironments(all: string, oldest: number): Promise<string[]> {
  const names = await readdir(all).catch(() => []);
  const files = names.filter((name) => name.endsWith(".json"));
  const used = new Set<string>();
  const old: string[] = [];
  for (const name of files) {
    const { mtimeMs } = await stat(join(all, name));
    const folder = await keptFolder(join(all, name));
    if (folder !== null && mtimeMs >= oldest) used.add(folder);
    else old.push(join(all, name));
  }
  for (const name of names) {
    if (name.endsWith(".json") || used.has(name)) continue;
    const { mtimeMs } = await stat(join(all, name)).catch(() => ({ mtimeMs: Date.now() }));
    const isWhole = old.some((file) => name.startsWith(`${keyOf(file)}-`));
    if (isWhole || mtimeMs < Math.min(oldest, Date.now() - longestMakingMs)) old.push(join(all, name));
  }
  return old;
}

async function keptFolder(file: string): Promise<string | null> {
  try {
    return basename((JSON.parse(await readFile(file, "utf8")) as Kept).folder);
  } catch {
    return null;
  }
}

function keyOf(file: string): string {
  return basename(file, ".json");
}

function fileOf(all: string, key: string): string {
  return join(all, `${key}.json`);
}
