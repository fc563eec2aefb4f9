import { EnvironmentError, expectedFailure, UserError } from "../../pipelines/errors/expected-error.ts";
import { renderProblems } from "../../pipelines/errors/render-problems.ts";
import { askForReport } from "../../pipelines/scaffold/own-release.ts";

export const exitCodes = {
  done: 0,
  gateSaidNo: 1,
  user: 2,
  environment: 3,
  tooFewRows: 4,
  silent: 5,
  bug: 70,
} as const;

/** An error as the command line shows it: the text for people, the facts for `--json`, and the exit code. */
export interface ToldError {
  code: number;
  text: string;
  data: { kind: "user" | "environment" | "bug"; message: string; [more: string]: unknown };
}

/** Tells user errors, environment errors and bugs apart (design §12). */
export function tellError(thrown: unknown): ToldError {
  const error = expectedFailure(thrown) ?? thrown;
  if (error instanceof UserError) {
    const text = renderProblems(error.problems);
    return { code: exitCodes.user, text, data: { kind: "user", message: error.message, problems: error.problems } };
  }
  if (error instanceof EnvironmentError) {
    const { message, tried, safe } = error;
    const text = [`error  ${message}`, `  tried: ${tried}`, `  safe:  ${safe}`].join("\n");
    return { code: exitCodes.environment, text, data: { kind: "environment", message, tried, safe } };
  }
  const stack = error instanceof Error ? fullStack(error) : String(error);
  const text = `${stack}\n\nThis is a bug in mergeml. ${askForReport("the lines above")}`;
  return { code: exitCodes.bug, text, data: { kind: "bug", message: String(error), stack } };
}

function fullStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${fullStack(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
