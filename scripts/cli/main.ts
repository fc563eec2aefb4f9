import { parseArgs } from "node:util";
import { closest } from "fastest-levenshtein";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { definitionList, wrapText } from "../../pipelines/report/terminal/text-table.ts";
import { commands } from "../commands/index.ts";
import type { Command, CommandInput, CommandOutcome, OptionSpec } from "./command.ts";

/** What the process gives the command line; passed in so that tests can run it in their own process. */
interface Terminal {
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
      const { systemClock } = await import("../../pipelines/ports/host.ts");
      const useCache = values["no-cache"] !== true;
      const { env } = terminal;
      return opened.use(await openWorkspace({ directory, isNamed, env, clock: systemClock, log, useCache }));
    },
  };
}

interface Arguments {
  positionals: string[];
  values: Readonly<Record<string, string | boolean | undefined>>;
}

/** Splits `argv` into the verb and the rest; global options may stand before the verb, as with git. */
export function findVerb(argv: readonly string[]): { verb: string | null; rest: string[] } {
  const rest = [...argv];
  for (let i = 0; i < rest.length; i += 1) {
    const word = rest[i] ?? "";
    if (word === "-C" || word === "--directory") i += 1;
    else if (!word.startsWith("-")) return { verb: word, rest: [...rest.slice(0, i), ...rest.slice(i + 1)] };
  }
  return { verb: null, rest };
}

/** Parses a command's arguments. Throws UserError that names the option and what was meant. */
export function parseArguments(
  verb: string,
  command: Pick<Command, "options" | "positionals">,
  argv: string[],
): Arguments {
  const specs: Record<string, OptionSpec> = { ...globalOptions, ...command.options };
  const parsed = parse(verb, specs, argv);
  for (const [name, spec] of Object.entries(specs)) checkChoice(name, spec, parsed.values[name]);
  if (!parsed.values.help) checkPositionals(verb, command, parsed.positionals);
  return parsed;
}

function parse(verb: string, specs: Record<string, OptionSpec>, argv: string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [name, short ? { type, short } : { type }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true, strict: true });
    return { values: values as Arguments["values"], positionals };
  } catch (cause) {
    throw new UserError({ message: cleanMessage(cause), hint: hintFor(verb, specs, argv) }, { cause });
  }
}

function cleanMessage(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split(/[.'] To specify/)[0]?.replace(/\.$/, "") ?? message;
}

function hintFor(verb: string, specs: Record<string, OptionSpec>, argv: string[]): string {
  const names = Object.keys(specs).map((name) => `--${name}`);
  const unknown = argv.find((word) => word.startsWith("--") && !names.includes(word.split("=")[0] ?? ""));
  return `${unknown ? `did you mean ${closest(unknown, names)}? ` : ""}See: mergeml ${verb} --help`;
}

function checkChoice(name: string, spec: OptionSpec, value: string | boolean | undefined): void {
  if (spec.choices && typeof value === "string" && !spec.choices.includes(value)) {
    throw new UserError({
      message: `--${name} ${value} is not known`,
      hint: `did you mean ${closest(value, [...spec.choices])}? It takes: ${spec.choices.join(", ")}`,
    });
  }
}

function checkPositionals(
  verb: string,
  { positionals: { min, max } }: Pick<Command, "positionals">,
  given: string[],
): void {
  if (given.length >= min && given.length <= max) return;
  const wanted = max === Infinity ? `at least ${min}` : min === max ? `${min}` : `${min} to ${max}`;
  throw new UserError({
    message: `mergeml ${verb} takes ${wanted} argument${wanted === "1" ? "" : "s"}, got ${given.length}${given.length ? `: ${given.join(" ")}` : ""}`,
    hint: `See: mergeml ${verb} --help`,
  });
}

/** Options that every command takes. */
const globalOptions: Readonly<Record<string, OptionSpec>> = {
  directory: { type: "string", short: "C", value: "dir", description: "Work in the repository at <dir>, as git does" },
  json: { type: "boolean", description: "Print the facts as JSON on standard output" },
  "no-cache": { type: "boolean", description: "Run every step again, whatever was stored" },
  help: { type: "boolean", short: "h", description: "Show this help" },
};

/** `mergeml --help`. */
export function overview(width: number): string {
  const all = Object.values(commands).map(({ usage, summary }) => [`mergeml ${usage}`, summary] as const);
  return [
    ...wrapText(
      "mergeml: a pull request changes a model, a merge deploys it, a git branch is the registry, a revert rolls it back.",
      width,
    ),
    "",
    definitionList(all, width),
    "",
    "Options of every command:",
    optionLines(globalOptions, width),
    "",
    ...wrapText(
      "Exit codes: 0 done, 1 the gate said no, 2 something to mend in your input, 3 git, network or disk, 70 a bug.",
      width,
    ),
    "",
    ...wrapText("Start:  mergeml init     in your repository", width),
    "Learn:  mergeml <command> --help",
  ].join("\n");
}

/** `mergeml <command> --help`. */
export function commandHelp(name: string, command: Command, width: number): string {
  const listed = commands[name];
  const options = Object.keys(command.options).length > 0 ? ["Options:", optionLines(command.options, width), ""] : [];
  return [
    `mergeml ${listed?.usage ?? name}`,
    "",
    ...wrapText(command.description, width),
    "",
    ...options,
    "Options of every command:",
    optionLines(globalOptions, width),
    "",
    "Examples:",
    ...command.examples.flatMap((each) => [`  # ${each.shows}`, `  ${each.command}`]),
  ].join("\n");
}

function optionLines(options: Readonly<Record<string, OptionSpec>>, width: number): string {
  const names = Object.entries(options).map(([name, spec]) => {
    const long = `--${name}${spec.type === "string" ? ` <${spec.value ?? name}>` : ""}`;
    return spec.short ? `-${spec.short}, ${long}` : `    ${long}`;
  });
  return definitionList(
    Object.values(options).map(({ description }, at) => [names[at]!, description] as const),
    width,
  );
}
