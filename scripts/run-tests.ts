import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const stamp = join(root, ".cache/tests-passed");
const unlessPassed = "--unless-passed";

/**
 * `npm test` runs every test, or those that its arguments name. `npm run check` passes `--unless-passed`: a tree that has
 * passed them all on this machine, byte for byte and on this Node, is not tested a second time.
 */
function main(): void {
  const given = process.argv.slice(2);
  const filters = given.filter((each) => each !== unlessPassed);
  const before = filters.length === 0 ? treeHash() : null;
  if (given.includes(unlessPassed) && before !== null && before === lastPassed()) {
    process.stdout.write("tests: all passed for this very tree already; npm test runs them again\n");
    return;
  }
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", ...filters], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
  if (status !== 0 || before === null || before !== treeHash()) return;
  mkdirSync(join(root, ".cache"), { recursive: true });
  writeFileSync(stamp, before);
}

/** Of every file that git knows or would add; null outside of a repository. The lock file stands for what is installed. */
function treeHash(): string | null {
  try {
    const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 2 ** 26,
    });
    const hash = createHash("sha256").update(process.version);
    for (const path of listed.split("\0").filter(Boolean).sort()) {
      hash.update(`\0${path}\0`).update(
        createHash("sha256")
          .update(readFileSync(join(root, path)))
          .digest(),
      );
    }
    return hash.digest("hex");
  } catch {
    return null; // no git, no repository, or a file that went away: the tests run
  }
}

function lastPassed(): string | null {
  try {
    return readFileSync(stamp, "utf8");
  } catch {
    return null;
  }
}

main();
