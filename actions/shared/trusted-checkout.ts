import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { promisify } from "node:util";

type Environment = Readonly<Record<string, string | undefined>>;

const run = promisify(execFile);

/**
 * Lets git read the checkout of a job in a container, which belongs to the user of the runner and not to that of the container. What
 * actions/checkout says of it to git holds for its own step alone. In the home folder, as older gits take it from nowhere else.
 */
export async function trustCheckout(folder: string, env: Environment): Promise<void> {
  const git = (...args: string[]) => run("git", args, { cwd: folder, env: env as NodeJS.ProcessEnv, timeout: 60_000 });
  try {
    await git("rev-parse", "--git-dir");
  } catch (error) {
    if (!/dubious ownership/.test((error as { stderr?: string }).stderr ?? "")) return;
    // Where that cannot be written git goes on refusing, and what needs it says so.
    await git("config", "--global", "--add", "safe.directory", await realpath(folder)).catch(() => {});
  }
}
