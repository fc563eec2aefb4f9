import { commands } from "../commands/index.ts";
import type { Command, OptionSpec } from "./command.ts";

/** Options that every command takes. */
export const globalOptions: Readonly<Record<string, OptionSpec>> = {
  directory: { type: "string", short: "C", value: "dir", description: "Work in the repository at <dir>, as git does" },
  json: { type: "boolean", description: "Print the facts as JSON on standard output" },
  "no-cache": { type: "boolean", description: "Run every step again, whatever was stored" },
  help: { type: "boolean", short: "h", description: "Show this help" },
};

/** `mergeml --help`. */
export function overview(): string {
  const width = Math.max(...Object.values(commands).map((each) => each.usage.length));
  const lines = Object.values(commands).map((each) => `  mergeml ${each.usage.padEnd(width)}  ${each.summary}`);
  return [
    "mergeml: a pull request changes a model, a merge deploys it, a git branch is the registry, a revert rolls it back.",
    "",
    ...lines,
    "",
    "Options of every command:",
    ...optionLines(globalOptions),
    "",
    "Exit codes: 0 done, 1 the gate said no, 2 something to mend in your input, 3 git, network or disk, 70 a bug.",
    "",
    "Start:  mergeml init     in your repository",
    "Learn:  mergeml <command> --help",
  ].join("\n");
}

/** `mergeml <command> --help`. */
export function commandHelp(name: string, command: Command): string {
  const listed = commands[name];
  const options = Object.keys(command.options).length > 0 ? ["Options:", ...optionLines(command.options), ""] : [];
  return [
    `mergeml ${listed?.usage ?? name}`,
    "",
    command.description,
    "",
    ...options,
    "Options of every command:",
    ...optionLines(globalOptions),
    "",
    "Examples:",
    ...command.examples.flatMap((each) => [`  # ${each.shows}`, `  ${each.command}`]),
  ].join("\n");
}

function optionLines(options: Readonly<Record<string, OptionSpec>>): string[] {
  const names = Object.entries(options).map(([name, spec]) => {
    const long = `--${name}${spec.type === "string" ? ` <${spec.value ?? name}>` : ""}`;
    return spec.short ? `-${spec.short}, ${long}` : `    ${long}`;
  });
  const width = Math.max(...names.map((each) => each.length));
  return Object.values(options).map((spec, i) => `  ${names[i]?.padEnd(width)}  ${spec.description}`);
}
