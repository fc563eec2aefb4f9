import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { initialised } from "../scratch.ts";

/** Tells at the end, on stderr, which packages the process had loaded. */
const hook = `
import { registerHooks } from "node:module";
const loaded = new Set();
registerHooks({ load(url, context, next) { loaded.add(/node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(url)?.[1]); return next(url, context); } });
process.on("exit", () => process.stderr.write([...loaded].join("\\n")));
`;

/** What only a bucket, a query, a network or a report needs. */
const heavy = ["fast-xml-parser", "@duckdb/node-api", "onnxruntime-node", "@tensorflow/tfjs-core"];

it.each(["plan", "status"])("%s loads no library that it has no use for", async (command) => {
  using scratch = await initialised();
  const script = join(import.meta.dirname, "../../scripts/mergeml.ts");
  const run = ["-c", '"$0" "$@" 2>&1 >/dev/null', process.execPath];
  const flags = [`--import=data:text/javascript,${encodeURIComponent(hook)}`, script, command];
  const told = execFileSync("sh", [...run, ...flags], {
    cwd: scratch.root,
    env: scratch.env as NodeJS.ProcessEnv,
    encoding: "utf8",
    timeout: 60_000,
  });
  const loaded = told.split("\n");
  expect(loaded).toContain("yaml");
  expect(heavy.filter((each) => loaded.includes(each))).toEqual([]);
});
