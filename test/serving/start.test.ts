import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const product = join(import.meta.dirname, "..", "..");

/** Files that importing these loads, in a process of its own. */
function loadedBy(modules: readonly string[]): string[] {
  const hook = `
    import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) { console.log(url); return next(url, context); } });
    for (const file of ${JSON.stringify(modules)}) await import(file);`;
  const args = ["--input-type=module", "--eval", hook];
  return execFileSync(process.execPath, args, { cwd: product, encoding: "utf8" }).trim().split("\n");
}

it("what a server needs for its first answer is loaded by its start, and not much else", () => {
  const files = ["serve.ts", "open-registry-source.ts", "open-serving-log.ts", "training/onnx/session.ts"];
  const loaded = loadedBy(files.map((file) => join(product, "pipelines", file)));
  expect(loaded.some((url) => url.includes("/fastify/"))).toBe(true);
  const late = [
    "/ajv/",
    "/prom-client/",
    "/@duckdb/",
    "/yaml/",
    "/evaluation/",
    "/stores/",
    "/object-storage/",
    "/engines/",
  ];
  expect(loaded.filter((url) => late.some((part) => url.includes(part)))).toEqual([]);
  // A module more is about a millisecond of a start: those of 853 took 700.
  expect(loaded.length).toBeLessThan(340);
});
