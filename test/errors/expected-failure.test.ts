import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EnvironmentError, expectedFailure, UserError } from "../../pipelines/errors/expected-error.ts";
import { tellError } from "../../scripts/cli/tell-error.ts";

const folder = mkdtempSync(join(tmpdir(), "mergeml-failure-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const loop = join(folder, "loop");
symlinkSync("loop", loop);
const file = join(folder, "file");
writeFileSync(file, "x");

test.each<[string, () => unknown, number, string]>([
  ["a full disk", () => writeFileSync("/dev/full", "x"), 3, "the disk is full"],
  ["a link that leads to itself", () => statSync(loop), 2, "is a link that leads to itself"],
  [
    "a file where a folder is needed",
    () => readFileSync(join(file, "x")),
    2,
    "is below something that is not a folder",
  ],
  ["a folder in place of a file", () => readFileSync(folder), 2, "is a folder, not a file"],
  ["a name that is too long", () => statSync(join(folder, "x".repeat(300))), 2, "has a name that is too long"],
])("%s is no bug", (_title, work, code, message) => {
  const error = thrownBy(work);
  expect(expectedFailure(error)).toBeInstanceOf(code === 2 ? UserError : EnvironmentError);
  const told = tellError(error);
  expect(told.code).toBe(code);
  expect(told.text).toContain(message);
});

test("a file that is missing, and an error of our own, stay bugs", () => {
  for (const error of [thrownBy(() => readFileSync(join(folder, "no"))), new TypeError("x is not a function")]) {
    expect(expectedFailure(error)).toBeNull();
    expect(tellError(error).code).toBe(70);
  }
});

test("a native package that a job was set up without is the machine's failing, told with what sets it up", () => {
  const message = "Cannot find package '@duckdb/node-api' imported from /tool/lib/engine-process.js";
  const told = expectedFailure(Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" }));
  expect(told).toMatchObject({
    message: "@duckdb/node-api is not installed",
    tried: expect.stringContaining("native: true"),
  });
  const ours = Object.assign(new Error("Cannot find module './gone.js'"), { code: "ERR_MODULE_NOT_FOUND" });
  expect(expectedFailure(ours)).toBeNull();
});
