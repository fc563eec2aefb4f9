import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../pipelines/errors/user-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether an error of `@actions/artifact` says that it refuses the server, as it does every GitHub Enterprise Server. */
export function isRefusedServer(error: unknown): boolean {
  return error instanceof Error && error.name === "GHESNotSupportedError";
}

/** Keeps a folder for later steps of the same job, in the place of an artifact. */
export async function keepLocally(env: Environment, { name, folder }: { name: string; folder: string }): Promise<void> {
  const place = join(placeOf(env), name);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await cp(folder, place, { recursive: true });
}

/** What earlier steps of this job kept. Throws UserError when that is nothing: another job's results cannot get here. */
export async function keptLocally(env: Environment, prefix: string): Promise<{ name: string; folder: string }[]> {
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
