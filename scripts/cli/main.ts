import { closest } from "fastest-levenshtein";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { commands } from "../commands/index.ts";
import { type Arguments, findVerb, parseArguments } from "./arguments.ts";
import type { Command, CommandInput, CommandOutcome } from "./command.ts";
import { commandHelp, overview } from "./help.ts";

/** What the process gives the command line; passed in so that tests can run it in their own process. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  directory: string;
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
}

/** Runs one command line and returns its exit code (design §12). Never throws. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes("--json");
  try {
    const outcome = await dispatch(argv, terminal);
    const text = json ? JSON.stringify(outcome.data, null, 2) : outcome.text;
    if (text) terminal.stdout.write(`${text}\n`);
    return outcome.code ?? 0;
  } catch (error) {
    const { tellError } = await import("./tell-error.ts");
    const told = tellError(error);
    if (json) terminal.stdout.write(`${JSON.stringify({ error: told.data }, null, 2)}\n`);
    else terminal.stderr.write(`${told.text}\n`);
    return told.code;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<CommandOutcome> {
  const { verb, rest } = findVerb(argv);
  if (rest.includes("--version")) return version();
  if (verb === null) return { text: overview(widthOf(terminal)), data: { commands: Object.keys(commands) } };
  const command = await findCommand(verb);
  const parsed = parseArguments(verb, command, rest);
  if (parsed.values.help)
    return { text: commandHelp(verb, command, widthOf(terminal)), data: { command: verb, ...command } };
  await using opened = new AsyncDisposableStack();
  return await command.run(await commandInput(parsed, terminal, opened));
}

/** A pipe or a file is no screen: its lines are as long as they get. */
function widthOf({ stdout }: Terminal): number {
  return (stdout.isTTY && stdout.columns) || Number.POSITIVE_INFINITY;
}

async function version(): Promise<CommandOutcome> {
  const { toolVersion } = await import("../../pipelines/workspace/tool-version.ts");
  return { text: `mergeml ${toolVersion}`, data: { version: toolVersion } };
}

async function findCommand(verb: string): Promise<Command> {
  const listed = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (listed) return listed.load();
  throw new UserError({
    message: `mergeml has no command ${verb}`,
    hint: `did you mean ${closest(verb, Object.keys(commands))}? All commands: mergeml --help`,
  });
}

async function commandInput(
  { positionals, values }: Arguments,
  terminal: Terminal,
  opened: AsyncDisposableStack,
): Promise<CommandInput> {
  const { resolve } = await import("node:path");
  const { terminalLog } = await import("./terminal-log.ts");
  const directory = resolve(terminal.directory, String(values.directory ?? "."));
  const log = terminalLog(terminal.stderr, values.json === true);
  return {
    positionals,
    directory,
    width: widthOf(terminal),
    flag: (name) => values[name] === true,
    option: (name) => (typeof values[name] === "string" ? (values[name] as string) : undefined),
    env: terminal.env,
    log,
    workspace: async ({ isNamed = false } = {}) => {
      const { openWorkspace } = await import("../../pipelines/open-workspace.ts");
      const { systemClock } = await import("../../pipelines/ports/clock.ts");
      const useCache = values["no-cache"] !== true;
      const { env } = terminal;
      return opened.use(await openWorkspace({ directory, isNamed, env, clock: systemClock, log, useCache }));
    },
  };
}
