import { EnvironmentError } from "../../pipelines/errors/environment-error.ts";
import { expectedFailure } from "../../pipelines/errors/expected-failure.ts";
import { oneLine } from "../../pipelines/errors/inert-markdown.ts";
import { countLine, renderAnnotations, renderProblems } from "../../pipelines/errors/render-problems.ts";
import { type Problem, UserError } from "../../pipelines/errors/user-error.ts";
import { askForReport } from "../../pipelines/scaffold/own-release.ts";
import { type Action, openAction } from "./action.ts";
import { withoutCommands } from "./actions-log.ts";
import { appendJobSummary } from "./github/job-summary.ts";
import { pathInRepository } from "./repository-path.ts";

/** How often an action whose surroundings failed is tried again, and how long it waits before. */
const retries = [2_000, 10_000];

interface Running {
  env?: NodeJS.ProcessEnv;
  waits?: readonly number[];
  /** What is to be done after an error, once no attempt is left. */
  afterError?: (action: Action, error: unknown) => Promise<void>;
}

/**
 * Runs an action and says what went wrong in the reader's terms: what a user can mend as annotations on the lines of his
 * files, a failing network or git after two more attempts with what is safe (at once when it was refused for good, as by a
 * ruleset), and anything else as a bug with its stack.
 */
export async function runAction(
  act: (action: Action) => Promise<void>,
  { env = process.env, waits = retries, afterError }: Running = {},
): Promise<void> {
  await using action = await openAction(env);
  try {
    await withRetries(action, act, waits);
  } catch (error) {
    process.exitCode = 1;
    await tell(error, env);
    await afterError?.(action, error).catch((second: Error) => action.log.warn(`and then: ${second.message}`));
  }
}

async function withRetries(
  action: Action,
  act: (action: Action) => Promise<void>,
  waits: readonly number[],
): Promise<void> {
  for (const wait of waits) {
    try {
      return await act(action);
    } catch (error) {
      if (!(error instanceof EnvironmentError) || error.permanent) throw error;
      action.log.info(`${error.message}\n  tried: ${error.tried}\n  trying again in ${wait / 1000} s`);
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }
  return act(action);
}

async function tell(thrown: unknown, env: NodeJS.ProcessEnv): Promise<void> {
  const error = expectedFailure(thrown) ?? thrown;
  if (error instanceof UserError) {
    const placed = error.problems.map((problem) => inRepository(problem, env));
    process.stdout.write(`${withoutCommands(renderProblems(error.problems))}\n${renderAnnotations(placed)}\n`);
    const listed = error.problems.slice(0, 20).map(({ message, where }) => `- ${inline(place(where) + message)}`);
    const more = error.problems.length > listed.length ? [`- and ${error.problems.length - listed.length} more`] : [];
    const title = countLine(error.problems, 0).replace(/ in \d+ of .*$/, "");
    await appendJobSummary(env, `### ❌ ${title}\n\n${[...listed, ...more].join("\n")}\n`);
    return;
  }
  if (error instanceof EnvironmentError) {
    const lines = [error.message, `tried: ${error.tried}`, `safe: ${error.safe}`];
    process.stdout.write(`${renderAnnotations([{ message: lines[0] ?? "", hint: lines.slice(1).join("\n") }])}\n`);
    await appendJobSummary(env, `### ❌ ${inline(error.message)}\n\n${lines.slice(1).map(inline).join("\n\n")}\n`);
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stdout.write(
    `${renderAnnotations([{ message: `a bug in mergeml: ${error instanceof Error ? error.message : stack}` }])}\n`,
  );
  const please = askForReport("these lines");
  process.stdout.write(`${withoutCommands(stack)}\n\n${please}\n`);
  await appendJobSummary(env, `### ❌ A bug in mergeml\n\n${inline(stack)}\n\n${please}\n`);
}

function inRepository(problem: Problem, env: NodeJS.ProcessEnv): Problem {
  const { where } = problem;
  return where ? { ...problem, where: { ...where, file: pathInRepository(where.file, env) } } : problem;
}

function place(where: { file: string; line: number; column: number } | undefined): string {
  return where ? `${where.file}:${where.line}:${where.column} ` : "";
}

/** Text of a pull request, inert in Markdown: as code, on one line. */
function inline(text: string): string {
  return `\`${oneLine(text, 500).replaceAll("`", "'")}\``;
}
