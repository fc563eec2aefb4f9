import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { python } from "./virtual-environment.ts";

test("scikit-learn computes the metrics that ours are held against", () => {
  const script = join(import.meta.dirname, "../evaluation/metrics/write_vectors.py");
  const { status, stdout } = spawnSync(python, ["-W", "ignore", script, "--check"], {
    encoding: "utf8",
    timeout: 120_000,
  });
  expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: "" });
});
