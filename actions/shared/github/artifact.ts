import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError, UserError } from "../../../pipelines/errors/expected-error.ts";
import type { GitHubContext } from "./context.ts";

/** Of one run, for the report: more is not read, because anybody can upload. */
const [mostArtifacts, mostBytes] = [2_100, 200 * 1024 * 1024];
/** Of those that are asked for by name, which hold rows and models. */
const mostNamedBytes = 50 * 1024 ** 3;
const usualDays = 14;

/**
 * Uploads all files of a folder as one artifact; in a re-run it takes the place of the earlier one. A server without such
 * artifacts has it kept for later steps of the same job. Returns the artifact's id.
 */
export async function uploadFolder(
  { name, folder }: { name: string; folder: string },
  env: NodeJS.ProcessEnv = process.env,
): Promise<number | "kept"> {
  const { DefaultArtifactClient } = await import("@actions/artifact");
  const client = new DefaultArtifactClient();
  const retentionDays = daysOf(env);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return reaching(`uploading the artifact ${name}`, async () => {
    const upload = async () => (await client.uploadArtifact(name, files, folder, { retentionDays })).id ?? 0;
    try {
      return await upload();
    } catch (error) {
      if (isRefusedServer(error)) {
        await keepLocally(env, { name, folder });
        return "kept";
      }
      if (!/conflict|already exists/i.test((error as Error).message)) throw error;
      await client.deleteArtifact(name); // names are unique in a run; this is a re-run
      return upload();
    }
  });
}

/** How long artifacts are kept, which a caller of the workflows may say. */
function daysOf({ MERGEML_RETENTION_DAYS: given = "" }: Environment): number {
  if (given === "") return usualDays;
  if (/^[1-9]\d?$|^[1-3]\d\d$|^400$/.test(given)) return Number(given);
  const message = `the input retention-days is ${given.slice(0, 20)}`;
  throw new UserError({ message, hint: "write a number of days from 1 to 400; the repository's own limit holds, too" });
}

export interface Downloaded {
  name: string;
  folder: string;
}

/**
 * Downloads this run's artifacts whose names begin with `prefix`, those in `only` when it is given, each into a folder of its own,
 * newest of each name.
 */
export async function downloadArtifacts(
  { runId }: GitHubContext,
  { prefix, folder, only }: { prefix: string; folder: string; only?: readonly string[] },
  env: NodeJS.ProcessEnv = process.env,
): Promise<Downloaded[]> {
  const { DefaultArtifactClient } = await import("@actions/artifact");
  const client = new DefaultArtifactClient();
  return reaching(`downloading the artifacts of run ${runId}`, async () => {
    const listed = await client.listArtifacts({ latest: true }).catch((error: unknown) => {
      if (isRefusedServer(error)) return null;
      throw error;
    });
    if (listed === null) return keptLocally(env, prefix);
    const { artifacts } = listed;
    const wanted = artifacts.filter(
      ({ name }) => name.startsWith(prefix) && /^[a-z0-9-]+$/.test(name) && (only?.includes(name) ?? true),
    );
    const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    const most = only ? mostNamedBytes : mostBytes;
    if (wanted.length > mostArtifacts || bytes > most) throw tooMuch(wanted.length, bytes, most);
    const done: Downloaded[] = [];
    for (const { id, name } of wanted) {
      const path = join(folder, name);
      await mkdir(path, { recursive: true });
      await client.downloadArtifact(id, { path });
      done.push({ name, folder: path });
    }
    return done;
  });
}

function tooMuch(count: number, bytes: number, most: number): UserError {
  return new UserError({
    message: `the run has ${count} artifacts with ${bytes} bytes for this job; at most ${mostArtifacts} with ${most} are read`,
    hint: "run the workflow again from a clean branch",
  });
}

async function reaching<T>(tried: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const safe = "Nothing was posted or changed; running the job again is safe.";
    throw new EnvironmentError(`the artifact service failed: ${(cause as Error).message}`, { tried, safe }, { cause });
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether an error of `@actions/artifact` says that it refuses the server, as it does every GitHub Enterprise Server. */
function isRefusedServer(error: unknown): boolean {
  return error instanceof Error && error.name === "GHESNotSupportedError";
}

/** Keeps a folder for later steps of the same job, in the place of an artifact. */
async function keepLocally(env: Environment, { name, folder }: { name: string; folder: string }): Promise<void> {
  const place = join(placeOf(env), name);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await cp(folder, place, { recursive: true });
}

/** What earlier steps of this job kept. Throws UserError when that is nothing: another job's results cannot get here. */
async function keptLocally(env: Environment, prefix: string): Promise<{ name: string; folder: string }[]> {
  const place = placeOf(env);
  const names = await readdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const kept = names.filter((name) => name.startsWith(prefix)).sort();
  if (kept.length > 0) return kept.map((name) => ({ name, folder: join(place, name) }));
  throw new UserError({
    message: `${env.GITHUB_SERVER_URL} keeps no artifacts of the kind that carries results from job to job`,
    hint: "on GitHub Enterprise Server run plan, train and report as steps of one job; see docs/github.md",
  });
}

/** The runner empties it before and after each job. */
function placeOf(env: Environment): string {
  if (env.RUNNER_TEMP) return join(env.RUNNER_TEMP, "mergeml-artifacts");
  throw new UserError({ message: "RUNNER_TEMP is not set", hint: "mergeml's actions run in GitHub Actions" });
}
