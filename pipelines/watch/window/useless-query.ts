import type { Problem } from "../../errors/expected-error.ts";

/** A query of live rows, as far as it is known before any row is read. */
interface LiveQuery {
  parameters: readonly string[];
  columns: readonly { name: string }[];
}

/** What is wrong with a query that cannot be meant: every window has the same rows, or there is no feature to compare. */
export function uselessQueryProblem(
  { model, features, query }: { model: string; features: readonly string[]; query: string },
  path: string,
  live: LiveQuery,
): Problem | null {
  const unused = unusedParameters(live);
  if (unused.length > 0) {
    const message = `${path} does not use ${unused.join(" and ")}: every window would have the same rows`;
    return { message, hint: "add WHERE <time> >= $start AND <time> < $end" };
  }
  const found = live.columns.map(({ name }) => name);
  if (features.some((name) => found.includes(name))) return null;
  return {
    message: `${path} returns none of the features of ${model}: ${features.join(", ")}`,
    hint: `name the columns so, as in ${query}; it returns: ${found.join(", ")}`,
  };
}

/** Of `$start` and `$end`, those that a query does without. */
export function unusedParameters({ parameters }: Pick<LiveQuery, "parameters">): string[] {
  return ["start", "end"].filter((name) => !parameters.includes(name)).map((name) => `$${name}`);
}
