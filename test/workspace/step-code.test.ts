import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { openStepCache } from "../../pipelines/workspace/step-cache.ts";
import { modulesFrom, stepCode } from "../../pipelines/workspace/step-code.ts";

const source = join(import.meta.dirname, "../../pipelines");
const steps = ["features", "train", "evaluate", "explain", "trial", "drift", "live-evidence"];

/** A copy of the pipelines whose code a test may change. */
function copiedCode() {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-code-"));
  const pipelines = join(folder, "pipelines");
  mkdirSync(pipelines);
  cpSync(source, pipelines, { recursive: true });
  return {
    digests: () => Object.fromEntries(steps.map((step) => [step, stepCode(pipelines)(step)])),
    change: (path: string) => appendFileSync(join(pipelines, path), "\n// changed\n"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

test.each([
  ["a metric", "evaluation/metrics/mae.ts", ["evaluate", "explain", "trial", "drift", "live-evidence"]],
  ["a table of metrics", "config/metric-names.ts", ["evaluate", "explain", "trial", "drift", "live-evidence"]],
  ["a trainer", "training/linear/train.ts", ["train", "trial"]],
  ["a fingerprint", "data/engines/canonical-row.ts", ["features"]],
  ["the judgement of a window", "watch/drift/judge-drift.ts", ["drift"]],
  ["the report", "report/render-report.ts", []],
])("%s changes the keys of what it made", (_title, path, expected) => {
  using code = copiedCode();
  const before = code.digests();
  expect(code.digests()).toEqual(before);
  code.change(path);
  const after = code.digests();
  const changed = steps.filter((step) => before[step] !== after[step]);
  if (expected.length === 0) expect(changed).toEqual([]);
  else expect(changed).toEqual(expect.arrayContaining(expected));
});

test("what runs in another process or thread counts, and what is only a type does not", () => {
  const modules = modulesFrom(["training/trainers.ts"]).map((file) => relative(source, file));
  expect(modules).toContain("training/gradient-boosting/shard-worker.ts");
  expect(modules).toContain("training/command/prove-process.ts");
  expect(modules).not.toContain("ports/log.ts");
  expect(modules).not.toContain("data/engines/postgres/postgres.ts");
});

test("a stored result is not found by other code", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-cache-"));
  const cacheOf = (code: string) => openStepCache(folder, true, { codeOf: () => code });
  await cacheOf("one").write("evaluate", { seed: 1 }, "scored");
  expect(await cacheOf("one").read("evaluate", { seed: 1 })).toBe("scored");
  expect(await cacheOf("two").read("evaluate", { seed: 1 })).toBeNull();
  rmSync(folder, { recursive: true, force: true });
});
