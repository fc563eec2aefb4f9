import { expect, test } from "vitest";
import { countLayout } from "../scripts/count-layout.ts";

test("the code can be found one's way in", () => {
  const { folders, bordersOfDrift, upward, twice, cycles } = countLayout(`${import.meta.dirname}/..`);
  expect(cycles).toEqual([]);
  expect(upward).toEqual([]);
  expect(folders).toBeLessThanOrEqual(21);
  expect(bordersOfDrift).toBeLessThanOrEqual(34);
  expect([...twice.keys()].length, [...twice].map(String).join("\n")).toBeLessThanOrEqual(10);
});
