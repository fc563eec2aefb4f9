import { EnvironmentError } from "../../pipelines/errors/environment-error.ts";
import { countLine, renderAnnotations, renderProblems } from "../../pipelines/errors/render-problems.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { type Action, openAction } from "./action.ts";
import { appendJobSummary } from "./github/job-summary.ts";

/** How often an action whose surroundings failed is tried again, and how long it waits before. */
const retries = [2_000, 10_000];

/**
 * Runs an action and says what went wrong in the reader's terms: what a user can mend as annotations on the lines of his
 * files, a failing network or git after two more attempts with what is safe, and anything else as a bug with its stack.
 */
export async function runAction(
  act: (action: Action) => Promise<void>,
  { env = process.env, waits = retries }: { env?: NodeJS.ProcessEnv; waits?: readonly number[] } = {},
): Promise<void> {
  const action = await openAction(env);
  try {
    await withRetries(action, act, waits);
  } catch (error) {
    process.exitCode = 1;
    await tell(error, env);
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
      if (!(error instanceof EnvironmentError)) throw error;
      action.log.info(`${error.message}\n  tried: ${error.tried}\n  trying again in ${wait / 1000} s`);
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }
  return act(action);
}

async function tell(error: unknown, env: NodeJS.ProcessEnv): Promise<void> {
  if (error instanceof UserError) {
    process.stdout.write(`${renderProblems(error.problems)}\n${renderAnnotations(error.problems)}\n`);
    const listed = error.problems.slice(0, 20).map(({ message, where }) => `- ${inline(place(where) + message)}`);
    const more = error.problems.length > listed.length ? [`- and ${error.problems.length - listed.length} more`] : [];
    const title = countLine(error.problems, 0).replace(/ in 0 of .*$/, "");
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
  process.stdout.write(
    `${stack}\n\nPlease report it with these lines: https://github.com/mergeml/mergeml/issues/new\n`,
  );
}

function place(where: { file: string; line: number; column: number } | undefined): string {
  return where ? `${where.file}:${where.line}:${where.column} ` : "";
}

/** Text of a pull request, inert in Markdown: as code, on one line. */
function inline(text: string): string {
  const clean = text.replaceAll(/\s+/g, " ").replaceAll("`", "'").slice(0, 500);
  return `\`${clean}\``;
}
