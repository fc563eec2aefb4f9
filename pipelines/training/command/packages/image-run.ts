import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import type { ProgramEnd } from "../run-program.ts";
import type { Equipment } from "./recipe.ts";

const run = promisify(execFile);

/** How a program is started; when its scope ends nothing of it runs any more. */
export interface InImage extends AsyncDisposable {
  command: readonly [string, ...string[]];
  /** Of the command; the program's own where none is given. */
  env?: Record<string, string>;
  endOf(end: ProgramEnd): ProgramEnd;
}

/**
 * The command line that runs a program in an image: it may write to its scratch folder and to /tmp alone, gains no rights, and
 * finds the given environment but for what only this machine has. The network is the one that programs have elsewhere.
 */
export function runsInImage(
  { name, runner }: NonNullable<Equipment["image"]>,
  program: readonly string[],
  {
    cwd,
    env,
    memoryGb,
    outer,
  }: {
    cwd: string;
    env: Readonly<Record<string, string>>;
    memoryGb: number;
    outer: Readonly<Record<string, string | undefined>>;
  },
): InImage {
  const container = `mergeml-${randomUUID()}`;
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const inside = { ...env, HOME: "/tmp", TMPDIR: "/tmp" };
  const variables = Object.entries(inside).filter(([variable]) => variable !== "PATH");
  const command: [string, ...string[]] = [
    runner,
    ...["run", "--rm", "--init", "--name", container, "--read-only", "--tmpfs", "/tmp:exec"],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", `${uid}:${gid}`],
    ...(memoryGb > 0 ? ["--memory", `${Math.round(memoryGb * 1024)}m`] : []),
    ...["--volume", `${cwd}:${cwd}`, "--workdir", cwd],
    ...variables.flatMap(([variable, value]) => ["--env", `${variable}=${value}`]),
    ...["--entrypoint", program[0] ?? "", name, ...program.slice(1)],
  ];
  const own = serverVariables(outer);
  return {
    command,
    env: own,
    endOf: endOfContainer,
    [Symbol.asyncDispose]: () => remove(container, runner, own),
  };
}

/**
 * The one that asked for the container may have been ended at a limit of time. Of Podman its monitor has then gone with it, and a first
 * try ends with waiting for what the monitor would have written.
 */
async function remove(container: string, runner: string, env: Record<string, string>): Promise<void> {
  const tried = () => run(runner, ["rm", "--force", container], { env, timeout: 60_000 });
  await tried()
    .catch(tried)
    .catch(() => {});
}

function serverVariables(outer: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const needed = /^(PATH|HOME|DOCKER_.+|CONTAINER_HOST|XDG_RUNTIME_DIR)$/;
  return Object.fromEntries(Object.entries(outer).filter(([name, value]) => needed.test(name) && value)) as Record<
    string,
    string
  >;
}

/** 128 and a signal's number is what a container that was killed ends with: 137 when it had no memory left. */
function endOfContainer(end: ProgramEnd): ProgramEnd {
  return end.state === "exited" && end.code === 137 ? { state: "killed", signal: "SIGKILL" } : end;
}
