import { UserError } from "../../errors/user-error.ts";
import type { QueriedRows } from "../../predictions/query-input.ts";
import type { WindowJob } from "./drift-window.ts";

/** Throws UserError for a query that cannot be meant: every window has the same rows, or there is no feature to compare. */
export function refuseUselessQuery({ record }: WindowJob, path: string, rows: QueriedRows): void {
  const unused = unusedParameters(rows);
  if (unused.length > 0)
    throw new UserError({
      message: `${path} does not use ${unused.join(" and ")}: every window would have the same rows`,
      hint: "add WHERE <time> >= $start AND <time> < $end",
    });
  const wanted = record.candidate.features.map(({ name }) => name);
  const found = rows.columns.map(({ name }) => name);
  if (wanted.some((name) => found.includes(name))) return;
  throw new UserError({
    message: `${path} returns none of the features of ${record.model}: ${wanted.join(", ")}`,
    hint: `name the columns so, as in ${record.candidate.config.features.query}; it returns: ${found.join(", ")}`,
  });
}

/** Of `$start` and `$end`, those that a query does without. */
export function unusedParameters({ parameters }: QueriedRows): string[] {
  return ["start", "end"].filter((name) => !parameters.includes(name)).map((name) => `$${name}`);
}
