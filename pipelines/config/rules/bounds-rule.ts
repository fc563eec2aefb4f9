import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";
import { when } from "./rule.ts";

/** Bounds leave room: min is not above max. */
export function boundsRule(bounds: { min?: number; max?: number } | null | undefined, path: KeyPath): Finding[] {
  const { min, max } = bounds ?? {};
  return when(min !== undefined && max !== undefined && min > max, {
    path: [...path, "min"],
    message: `${dotted(path)}: min ${min} is above max ${max}`,
    hint: "swap them",
  });
}
