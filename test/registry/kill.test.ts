import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { deployBetter, makeSandbox, type Sandbox } from "./builders.ts";

const kills = 100;
/** A new branch after so many, so that checking all of it stays quick. */
const perBranch = 20;
const perProcess = 2;
const script = join(import.meta.dirname, "register-process.ts");

it("kill -9 at 100 random points of a write: the branch always verifies and the next run succeeds", async () => {
  let registered = 0;
  for (let from = 0; from < kills; from += perBranch) {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    actAsServer(sandbox);
    for (let each = from; each < from + perBranch; each += 1) {
      await killOnce(sandbox, `killed-${each}`, each % 3 !== 0);
      const { problems, versions, promotions } = await registry.verify();
      expect(problems).toEqual([]);
      expect(promotions).toBe(versions);
      // In the very clone whose processes were killed. The server may still have finished a push of theirs.
      const next = await deployBetter(registry, `next-${each}`);
      expect(next.alreadyRegistered).toBe(false);
      expect(next.version).toBeGreaterThan(versions);
    }
    const { versions, ...found } = await registry.verify();
    expect(found).toEqual({ problems: [], notes: [], models: 1, promotions: versions });
    registered += versions - perBranch;
  }
  // Some were killed before their push and some after it: the points were spread over the write.
  expect(registered).toBeGreaterThan(0);
  expect(registered).toBeLessThan(kills * perProcess);
}, 300_000);

/** A remote is another machine: it goes on when the client dies, with all that the client started here. */
function actAsServer({ plain }: Sandbox): void {
  try {
    execFileSync("setsid", ["true"]);
    plain(["config", "remote.origin.receivepack", "setsid --wait git-receive-pack"]);
  } catch {
    // Without setsid the server dies too, which git survives just as well but for a lock in the wrong moment.
  }
}

/** Registers in another process until it is killed; `withGit` kills the git commands it runs at the same moment. */
async function killOnce(sandbox: Sandbox, tag: string, withGit: boolean): Promise<void> {
  const env = { ...sandbox.env, NODE_COMPILE_CACHE: join(sandbox.folder, "compiled") };
  const child = spawn(process.execPath, [script, sandbox.work, tag, String(perProcess)], {
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  await sleep(Math.random() * 400);
  try {
    process.kill(withGit ? -child.pid! : child.pid!, "SIGKILL");
  } catch {
    // It was done before.
  }
  await ended;
}
