import type { Problem } from "./user-error.ts";

/** Each problem once: what several models share is wrong for all of them. */
export function distinctProblems(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
