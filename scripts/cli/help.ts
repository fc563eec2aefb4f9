import { definitionList, wrapText } from "../../pipelines/report/terminal/text-table.ts";
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
