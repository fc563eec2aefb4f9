import { type Problem, UserError } from "../../errors/expected-error.ts";
import { locateWord, type PrepareJob, type SqlText } from "./engine.ts";

/** In the order of the file. */
export function byPlace(a: Problem, b: Problem): number {
  return place(a) - place(b);
}

function place({ where }: Problem): number {
  return where ? where.line * 1e6 + where.column : 0;
}

const modelLacksWindow = {
  why: "the model has no window",
  hint: "add features.window: { start: 2001-01-01, end: 2001-04-01 } to model.yaml",
};

/** What is wrong with the parameters that a query uses, or with its using none. */
export function parameterProblems(
  { sql, window, noWindow = modelLacksWindow, unusedWindow }: PrepareJob,
  parameters: readonly string[],
): Problem[] {
  const wrong = parameters.flatMap((name) => {
    const where = locateWord(sql, `$${name}`);
    if (!["start", "end"].includes(name)) {
      const hint = "a feature query has the parameters $start and $end (end exclusive), from features.window";
      return [{ message: `the query has no parameter $${name}`, hint, where }];
    }
    if (window) return [];
    return [{ message: `the query uses $${name}, but ${noWindow.why}`, hint: noWindow.hint, where }];
  });
  return [...wrong, ...(window && parameters.length === 0 && unusedWindow ? [unusedWindow] : [])];
}

/** Throws UserError with every name that two columns have; upper and lower case are the same. */
export function refuseRepeated(sql: SqlText, written: readonly string[]): void {
  const repeated = written.filter(
    (name, at) => written.findIndex((each) => each.toLowerCase() === name.toLowerCase()) < at,
  );
  if (repeated.length === 0) return;
  throw new UserError(
    [...new Set(repeated)].map((name) => ({
      message: `the query returns two columns named ${name} (upper and lower case are the same)`,
      hint: `name one otherwise: … AS ${name}_2`,
      where: locateWord(sql, name),
    })),
  );
}

/** What to say when `what`, such as "the query", was stopped because its time was up. */
export function outOfTime(sql: SqlText, what: string, seconds: number): Problem {
  const hint = "make it read less, or raise resources.timeout_minutes in model.yaml";
  const limit = Number(seconds.toPrecision(3));
  const message = `${what} was stopped after ${limit} s`;
  return { message, hint, key: "resources.timeout_minutes", where: locateWord(sql, "select") };
}
