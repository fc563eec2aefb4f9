import { expect, test } from "vitest";
import { countLayout } from "../scripts/count-layout.ts";

test("the code can be found one's way in", () => {
  const { folders, bordersOfDrift, upward, twice, cycles } = countLayout(`${import.meta.dirname}/..`);
  expect(cycles).toEqual([]);
  expect(upward).toEqual([]);
  // 22 with trust/: what readers and writers of the registry both ask, and knows nothing of it.
  expect(folders).toBeLessThanOrEqual(22);
  expect(bordersOfDrift).toBeLessThanOrEqual(34);
  expect([...twice.keys()].length, [...twice].map(String).join("\n")).toBeLessThanOrEqual(10);
});
