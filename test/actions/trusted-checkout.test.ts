import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { trustCheckout } from "../../actions/shared/trusted-checkout.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-trusted-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout and a home folder; git takes what is there for another user's, as in a container, where it is told to. */
function checkout(others: boolean) {
  const [home, root] = [join(folder, "home"), join(folder, "models")];
  for (const each of [home, root]) mkdirSync(each);
  const env = {
    PATH: process.env.PATH,
    ...{ HOME: home, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
    ...(others && { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" }),
  };
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, env: env as NodeJS.ProcessEnv, encoding: "utf8", stdio: "pipe" });
  execFileSync("git", ["init", "-q"], { cwd: root, env: { PATH: process.env.PATH, HOME: home } });
  const settings = () => {
    try {
      return readFileSync(join(home, ".gitconfig"), "utf8");
    } catch {
      return "";
    }
  };
  return { root, env, git, settings };
}

it("is read by git where it belongs to another user, and that is told once", async () => {
  const { root, env, git, settings } = checkout(true);
  expect(() => git("status")).toThrow(/dubious ownership/);
  await trustCheckout(root, env);
  expect(git("status")).toContain("No commits yet");
  await trustCheckout(root, env);
  expect(settings()).toBe(`[safe]\n\tdirectory = ${root}\n`);
});

it("changes no settings where git reads it already, or where there is none", async () => {
  const { root, env, settings } = checkout(false);
  await trustCheckout(root, env);
  await trustCheckout(folder, env);
  expect(settings()).toBe("");
});
