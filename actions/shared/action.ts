import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import {
  didYouMean,
  EnvironmentError,
  expectedFailure,
  type Problem,
  UserError,
} from "../../pipelines/errors/expected-error.ts";
import { oneLine, visibleText } from "../../pipelines/errors/inert-markdown.ts";
import { countLine, renderAnnotations, renderProblems } from "../../pipelines/errors/render-problems.ts";
import type { Log } from "../../pipelines/ports/host.ts";
import type { Registry } from "../../pipelines/registry/registry.ts";
import { askForReport } from "../../pipelines/scaffold/own-release.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { withoutCommands } from "./actions-log.ts";
import type { GitHub } from "./github/client.ts";
import type { GitHubContext } from "./github/context.ts";
import { pathInRepository } from "./repository-path.ts";
import { sourceSecrets } from "./source-secrets.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What an action is given: its inputs, the repository it runs in, GitHub, and where its outputs go. */
export interface Action {
  env: Environment;
  log: Log;
  /** An input as it was written, trimmed; empty when it was not given. */
  input(name: string): string;
  /** A list: separated by white space or commas. */
  list(name: string): string[];
  flag(name: string): boolean;
  output(name: string, value: string): void;
  /** Where the run is: repository, commit, pull request. */
  context(): Promise<GitHubContext>;
  /** The API, with the `token` input. */
  github(): Promise<GitHub>;
  /** The models' repository, with git credentials for its server. */
  workspace(): Promise<Workspace>;
  /** Ends the step red, with a message; what comes after still runs. */
  fail(message: string): void;
}

/** The action around the inputs of this process. Heavy parts are loaded when they are asked for; disposing ends what stays open. */
async function openAction(env: Environment): Promise<Action & AsyncDisposable> {
  const core = await import("@actions/core");
  const { actionsLog } = await import("./actions-log.ts");
  const log = actionsLog(core);
  const input = (name: string) => core.getInput(name).trim();
  const opened = new AsyncDisposableStack();
  let context: Promise<GitHubContext> | undefined;
  let token: Promise<string> | undefined;
  const tokenOf = async () => {
    const { MERGEML_APP_ID: id, MERGEML_APP_KEY: key } = env;
    if (!id || !key) return input("token");
    const { appToken } = await import("./github/app-token.ts");
    const { systemClock } = await import("../../pipelines/ports/host.ts");
    const made = await appToken({ id, key }, await readContext(), { clock: systemClock });
    core.setSecret(made);
    return made;
  };
  const readContext = () => (context ??= import("./github/context.ts").then((module) => module.readContext(env)));
  return {
    env,
    log,
    input,
    list: (name) =>
      input(name)
        .split(/[\s,]+/)
        .filter(Boolean),
    flag: (name) => flagOf(name, input(name)),
    output: (name, value) => core.setOutput(name, value),
    context: readContext,
    github: async () => {
      const { openGitHub } = await import("./github/client.ts");
      return openGitHub({ context: await readContext(), token: await (token ??= tokenOf()), log });
    },
    workspace: async () => {
      const secrets = sourceSecrets(env.MERGEML_SOURCES, core.setSecret);
      const isolation = input("isolation");
      const given = { ...env, ...secrets, ...(isolation !== "" && { MERGEML_ISOLATION: isolation }) };
      return opened.use(await openRepository(given, log, input("token")));
    },
    fail: (message) => core.setFailed(visibleText(message)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function flagOf(name: string, value: string): boolean {
  if (value === "" || value === "false") return false;
  if (value === "true") return true;
  throw new UserError({ message: `input ${name} is ${value.slice(0, 60)}`, hint: "write true or false" });
}

async function openRepository(env: Environment, log: Log, token: string): Promise<Workspace> {
  const { openWorkspace } = await import("../../pipelines/open-workspace.ts");
  const { systemClock } = await import("../../pipelines/ports/host.ts");
  const { gitEnvironment } = await import("./git-environment.ts");
  const { trustCheckout } = await import("./trusted-checkout.ts");
  const checkout = env.GITHUB_WORKSPACE ?? ".";
  await trustCheckout(checkout, env);
  const directory = join(checkout, env["INPUT_WORKING-DIRECTORY"] ?? "");
  return openWorkspace({
    directory,
    // ghcr.io takes the job's own token; the store alone sends it there.
    env: { ...env, ...(token !== "" && { GITHUB_TOKEN: token }), ...gitEnvironment(env, token) },
    clock: systemClock,
    log,
    useCache: true,
  });
}

/** GitHub drops the whole summary of a step above this many bytes. */
const limitBytes = 1_048_576;
const note = "\n\n*Cut here: a job's summary has a limit.*\n";

/** Appends Markdown to the job's summary, cut at a line so that it stays below the limit. Does nothing outside a workflow. */
export async function appendJobSummary(
  env: Readonly<Record<string, string | undefined>>,
  markdown: string,
): Promise<void> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  const used = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  const room = limitBytes - used - 1;
  const text = `${markdown.trimEnd()}\n`;
  if (Buffer.byteLength(text) <= room) return appendFile(file, text);
  const space = room - Buffer.byteLength(note);
  if (space >= 0) await appendFile(file, `${cutAt(text, space)}${note}`);
}

/** The whole lines that fit into so many bytes; of a line that is longer than all of them, its beginning. */
function cutAt(text: string, bytes: number): string {
  const kept = Buffer.from(text).subarray(0, bytes);
  const end = kept.lastIndexOf("\n");
  // A character that was cut through reads as U+FFFD.
  return end > 0 ? kept.subarray(0, end).toString("utf8") : kept.toString("utf8").replace(/\uFFFD$/, "");
}

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

/** The `model` input, if the registry has that model. */
export async function modelInput(action: Action, registry: Registry): Promise<string> {
  const name = action.input("model");
  const models = await (await registry.snapshot({ fetch: true })).models();
  if (models.includes(name)) return name;
  const suggestion = didYouMean(name, models);
  const hint = suggestion ? `did you mean ${suggestion}?` : `it has: ${models.slice(0, 20).join(", ") || "none"}`;
  throw new UserError({ message: `the registry has no model "${name}"`, hint });
}

/** An environment input, one of mergeml.yaml's; production when it was not given, and where mergeml.yaml has no other. */
export function environmentInput(
  action: Action,
  { repository: { environments } }: Pick<Workspace, "repository">,
): string {
  const given = action.input("environment") || "production";
  return environments.length === 1 ? "production" : knownEnvironment(given, environments);
}

/** A version input such as `3` or `v3`; null when it was not given. */
export function versionInput(action: Action, name: string): number | null {
  const text = action.input(name);
  if (text === "") return null;
  const digits = /^v?([1-9]\d{0,8})$/.exec(text)?.[1];
  if (digits) return Number(digits);
  throw new UserError({ message: `input ${name} is "${text}", not a version`, hint: "write its number, e.g. 3" });
}
