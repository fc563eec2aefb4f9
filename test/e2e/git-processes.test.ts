import { expect, it } from "vitest";
import { isRunning, watchGit } from "../registry/git/watched-git.ts";
import { deployed } from "../scratch.ts";

it("reads the registry through one process a command, which ends with it", async () => {
  using scratch = await deployed();
  const { env, started, forget } = watchGit(scratch.folder, scratch.env);
  scratch.env.PATH = env.PATH;
  for (const command of ["status", "plan", "history rent", "show rent@1", "verify", "run rent"]) {
    forget();
    await scratch.facts(command.split(" "));
    expect({ command, started: started().length }).toEqual({ command, started: 1 });
    await expect.poll(() => started().filter(isRunning), { timeout: 10_000 }).toEqual([]);
  }
});
