import type { Problem } from "../../../errors/expected-error.ts";
import { locateWord, type SqlText } from "../engine.ts";

/**
 * What to say when it needs more memory, and more room on the disk for what does not fit, than it may use. A query with a part
 * that is `ordered`, because its value depends on the order of rows, got no room on the disk.
 */
export function outOfMemory(sql: SqlText, what: string, gigabytes: number, ordered: string | null = null): Problem {
  const hint = "make it read less, or raise resources.memory_gb in model.yaml";
  const message = `${what} needs more than ${gigabytes} GB of memory`;
  const problem = { key: "resources.memory_gb", ...start(sql) };
  if (ordered === null) return { ...problem, message: `${message} and its room on the disk`, hint };
  return { ...problem, message, hint: `${oneThread(ordered)}\n${hint}` };
}

function oneThread(ordered: string): string {
  const why = `it has ${ordered}, which depends on the order of rows, so it runs in one thread and in memory alone to give the same rows every time`;
  return /DOUBLE|FLOAT/.test(ordered) ? `${why}; sums of DECIMAL do not: sum(CAST(x AS DECIMAL(18, 6)))` : why;
}

/** What to say when the engine does not survive it. */
export function engineCrash(sql: SqlText, what: string, how: string, words: string): Problem {
  const said = words === "" ? "" : `; it said: ${words.split("\n").slice(-3).join(" ").slice(-300)}`;
  const hint = `write it otherwise: the engine's own process ended (${how}), and nothing else was harmed${said}`;
  return { message: `${what} makes the engine crash`, hint, ...start(sql) };
}

function start(sql: SqlText): Pick<Problem, "where"> {
  return { where: locateWord(sql, "select") };
}
