import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { appendJobSummary } from "../../../actions/shared/action.ts";

const limit = 1_048_576;
const note = "\n\n*Cut here: a job's summary has a limit.*\n";

let folder = "";
let env: Record<string, string> = {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-summary-"));
  env = { GITHUB_STEP_SUMMARY: join(folder, "summary.md") };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const summary = () => readFileSync(join(folder, "summary.md"));

it("appends what fits", async () => {
  await appendJobSummary(env, "# A\n\n");
  await appendJobSummary(env, "B");
  expect(summary().toString("utf8")).toBe("# A\nB\n");
});

it("cuts many lines at the end of one", async () => {
  await appendJobSummary(env, Array.from({ length: 40_000 }, () => "é".repeat(20)).join("\n"));
  expect(summary().length).toBeLessThan(limit);
  expect(summary().length).toBeGreaterThan(limit - 100);
  expect(
    summary()
      .toString("utf8")
      .endsWith(`\n${"é".repeat(20)}${note}`),
  ).toBe(true);
});

it("cuts one line between two characters", async () => {
  await appendJobSummary(env, "é".repeat(700_000));
  const text = summary().toString("utf8");
  expect(summary().length).toBeLessThan(limit);
  expect(text.length).toBeGreaterThan(524_000);
  expect(text.replace(note, "")).toMatch(/^é+$/);
});

it("leaves alone one that is full, and does nothing outside of a workflow", async () => {
  await appendJobSummary(env, "x".repeat(limit - 10));
  const before = summary().length;
  await appendJobSummary(env, "y".repeat(1_000));
  expect(summary().length).toBe(before);
  await appendJobSummary({}, "z");
});
