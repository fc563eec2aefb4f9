import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Environment = Record<string, string | undefined>;

/** A git on the PATH that writes down each start of a `command` and then is the real one, or does `instead`. */
export function watchGit(folder: string, env: Environment, instead = 'exec "$real" "$@"', command = "cat-file") {
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const [bin, starts] = [join(folder, "watched"), join(folder, "starts")];
  const note = `case "$*" in *${command}*) echo $$ >> '${starts}';; esac`;
  const forget = () => writeFileSync(starts, "");
  mkdirSync(bin);
  forget();
  writeFileSync(join(bin, "git"), `#!/bin/sh\nreal='${real}'\n${note}\n${instead}\n`, { mode: 0o755 });
  return {
    env: { ...env, PATH: `${bin}:${env.PATH}` },
    /** Ids of the processes that were started, in their order. */
    started: () => readFileSync(starts, "utf8").split("\n").filter(Boolean).map(Number),
    forget,
  };
}

export function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}
