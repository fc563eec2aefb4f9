import type { Environment } from "../../pipelines/ports/environment.ts";
import type { Log } from "../../pipelines/ports/log.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";

/** What a command tells: `text` for people, `data` for `--json`; `code` is 0 unless said otherwise. */
export interface CommandOutcome {
  code?: number;
  text: string;
  data: unknown;
}

export interface OptionSpec {
  type: "string" | "boolean";
  description: string;
  /** Placeholder of the value in the help, e.g. `N`. */
  value?: string;
  short?: string;
  /** One of these, when given. */
  choices?: readonly string[];
}

/** What a command gets: arguments already parsed, and the repository, opened when first asked for. */
export interface CommandInput {
  positionals: readonly string[];
  flag(name: string): boolean;
  option(name: string): string | undefined;
  directory: string;
  /** `isNamed`: the folder of -C is to become one of models, if it is none. */
  workspace(options?: { isNamed?: boolean }): Promise<Workspace>;
  env: Environment;
  /** For commands that need no repository; the workspace has it too. */
  log: Log;
  /** Columns of the screen; Infinity where nobody looks at one. */
  width: number;
}

/** One verb of the command line: a page that reads its input, calls one pipeline and tells what came of it. */
export interface Command {
  description: string;
  positionals: { min: number; max: number };
  options: Readonly<Record<string, OptionSpec>>;
  examples: readonly { command: string; shows: string }[];
  run(input: CommandInput): Promise<CommandOutcome>;
}
