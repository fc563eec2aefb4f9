import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { zizmor } from "./tools.ts";

const root = join(import.meta.dirname, "../..");

it("finds nothing unsafe in workflows and actions", () => {
  const args = ["--offline", "--no-progress", "--quiet", "--config", "zizmor.yml", ".github/workflows", "actions"];
  const { status, stdout, stderr } = spawnSync(zizmor, args, { cwd: root, encoding: "utf8", timeout: 120_000 });
  expect(status, stdout + stderr).toBe(0);
});
