import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countLayout } from "../scripts/count-layout.ts";

test("the code can be found one's way in", () => {
  const { folders, bordersOfDrift, importsPerThousandLines, upward, twice, cycles } = countLayout(
    `${import.meta.dirname}/..`,
  );
  expect(cycles).toEqual([]);
  expect(upward).toEqual([]);
  expect(folders).toBeLessThanOrEqual(19);
  expect(bordersOfDrift).toBeLessThanOrEqual(28);
  // 50 and not a line more would refuse the next trainer, which brings its own imports.
  expect(importsPerThousandLines).toBeLessThanOrEqual(51);
  expect([...twice.keys()].length, [...twice].map(String).join("\n")).toBeLessThanOrEqual(9);
});

test("no test measures time, which is what benchmarks do: machines are shared", () => {
  const clocks = /performance\.now\(|[cC]puUsage\(|hrtime[.(]/;
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" });
  const measuring = tests.filter(
    (name) => name.endsWith(".ts") && clocks.test(readFileSync(join(import.meta.dirname, name), "utf8")),
  );
  // Both only print what they took, as docs/pictures.md and a log show it.
  expect(measuring.sort()).toEqual(["peers/beside-pictures.test.ts", "workflows/package/package.test.ts"]);
});
