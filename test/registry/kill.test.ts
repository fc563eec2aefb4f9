import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { deployBetter, makeSandbox, type Sandbox } from "./builders.ts";

/** Side by side; four, so that checking all of one stays quick. */
const branches = 4;
const killsPerBranch = 25;
const perProcess = 2;
/** Of util-linux. */
const newSession = "setsid";
const script = join(import.meta.dirname, "register-process.ts");

it("kill -9 at 100 random points of a write: the branch always verifies and the next run succeeds", async () => {
  const registered = await Promise.all(Array.from({ length: branches }, (_, branch) => killOnBranch(`${branch}`)));
  const total = registered.reduce((sum, each) => sum + each, 0);
  // Some were killed before their push and some after it: the points were spread over the write.
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThan(branches * killsPerBranch * perProcess);
}, 300_000);

/** Returns how many versions the killed processes had registered. */
async function killOnBranch(branch: string): Promise<number> {
  using sandbox = makeSandbox();
  const { registry } = sandbox;
  await registry.init();
  actAsServer(sandbox);
  for (let each = 0; each < killsPerBranch; each += 1) {
    await killOnce(sandbox, `killed-${branch}-${each}`, each % 3 !== 0);
    const { problems, versions, promotions } = await registry.verify();
    expect(problems).toEqual([]);
    expect(promotions).toBe(versions);
    // In the very clone whose processes were killed. The server may still have finished a push of theirs.
    const next = await deployBetter(registry, `next-${branch}-${each}`);
    expect(next.alreadyRegistered).toBe(false);
    expect(next.version).toBeGreaterThan(versions);
  }
  const { versions, ...found } = await registry.verify();
  expect(found).toEqual({ since: null, problems: [], notes: [], models: 1, promotions: versions });
  return versions - killsPerBranch;
}

/** A remote is another machine: it goes on when the client dies, with all that the client started here. */
function actAsServer({ plain }: Sandbox): void {
  try {
    execFileSync(newSession, ["true"]);
    plain(["config", "remote.origin.receivepack", `${newSession} --wait git-receive-pack`]);
  } catch {
    // Without setsid the server dies too, which git survives just as well but for a lock in the wrong moment.
  }
}

/** Registers in another process until it is killed; `withGit` kills the git commands it runs at the same moment. */
async function killOnce(sandbox: Sandbox, tag: string, withGit: boolean): Promise<void> {
  const child = spawn(process.execPath, [script, sandbox.work, tag, String(perProcess)], {
    env: sandbox.env as NodeJS.ProcessEnv,
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
