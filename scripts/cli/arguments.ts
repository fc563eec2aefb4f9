import { parseArgs } from "node:util";
import { closest } from "fastest-levenshtein";
import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Command, OptionSpec } from "./command.ts";
import { globalOptions } from "./help.ts";

export interface Arguments {
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
