import type { Distribution, WindowColumn } from "../profile/distribution.ts";
import { presentRows } from "../profile/distribution.ts";

/** The share of a window's values that lie beyond those of the reference; 0 where nothing was counted. */
export function shareOutside(reference: Distribution, found: WindowColumn): number {
  if (found.state !== "counted") return 0;
  const { distribution: current } = found;
  const rows = presentRows(current);
  if (rows === 0 || presentRows(reference) === 0) return 0;
  if (current.kind === "category" || reference.kind === "category")
    return current.kind === "category" && reference.kind === "category" && !reference.buckets
      ? current.other / rows
      : 0;
  const { counts, equal, edges } = current;
  // Up to the first edge lies what is below the reference, and what equals its least value.
  const least = equal ? counts[0]! - equal[0]! : (current.min ?? 0) < edges[0]! ? counts[0]! : 0;
  return (least + counts.at(-1)!) / rows;
}
