import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = new URL("../../scripts/write-schema.ts", import.meta.url).pathname;

test("--check is content with the published schema", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, "--check"]);
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
});
