import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** A later Node, installed beside the one that everything else runs on. */
const other = "26.10.0";
const root = join(import.meta.dirname, "../..");
const folder = join(root, ".cache", `node-${other}`);
const binary = join(folder, "node_modules/node/bin/node");

function digests(node: string): { node: string; digests: Record<string, string> } {
  const script = join(root, "test/training/digests-process.ts");
  return JSON.parse(
    execFileSync(node, [script], { encoding: "utf8", timeout: 200_000, stdio: ["ignore", "pipe", "ignore"] }),
  );
}

it("gives the same bytes for every trainer and task on another Node", () => {
  if (!existsSync(binary)) {
    const install = ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", `node@${other}`];
    execFileSync("npm", install, { stdio: "inherit", timeout: 300_000 });
  }
  const [here, there] = [digests(process.execPath), digests(binary)];
  expect(there.node).toBe(other);
  expect(here.node).not.toBe(other);
  expect(Object.keys(here.digests)).toHaveLength(9);
  expect(there.digests).toEqual(here.digests);
});
