import { canonicalJson } from "../config/canonical-json.ts";

/** Whether two values are the same JSON, in whatever order their keys are. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
