import type { Sample } from "./sample.ts";

export type TestName = "ks" | "wasserstein" | "chi-square" | "z" | "jensen-shannon";

/** A reference of more rows than these is compared by distance, for which significance means little. */
const mostRowsForTest = 1000;

/** With more values than these a number is not a category. */
export const mostValuesOfCategory = 5;

/** Which comparison Evidently makes of a column by default. `values` are the distinct ones of both sides together. */
export function chooseTest(kind: Sample["kind"], referenceRows: number, values: number): TestName {
  const many = kind === "numeric" && values > mostValuesOfCategory;
  if (referenceRows > mostRowsForTest) return many ? "wasserstein" : "jensen-shannon";
  if (many) return "ks";
  return values > 2 ? "chi-square" : "z";
}
