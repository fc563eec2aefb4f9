import { parseUtc } from "../../pipelines/config/utc-time.ts";
import { didYouMean, UserError } from "../../pipelines/errors/expected-error.ts";
import type { Clock, Environment, Log } from "../../pipelines/ports/host.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
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

/** A positive whole number, or null when the option was not given. */
export function wholeNumber(name: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new UserError({ message: `--${name} ${value} is not a positive whole number`, hint: `e.g. --${name} 3` });
}

/** `2/4`: the second of four; null when the option was not given. */
export function shardOf(value: string | undefined): { index: number; of: number } | null {
  if (value === undefined) return null;
  const [, index = 0, of = 0] = (/^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(value) ?? []).map(Number);
  if (index > 0 && index <= of) return { index, of };
  throw new UserError({
    message: `--shard ${value} is not a share of the trials`,
    hint: "write i/n with i from 1 to n, e.g. --shard 2/4",
  });
}

/** `--now` and `--window` of commands that look at live data: the moment before which windows end, and their length. */
export function windowOptions({ option }: Pick<CommandInput, "option">, clock: Clock): { now: Date; window?: string } {
  const [now, window] = [option("now"), option("window")];
  if (window !== undefined && !/^[1-9]\d{0,3}[hdw]$/.test(window)) {
    const hint = "hours (h), days (d) or weeks (w), e.g. --window 7d";
    throw new UserError({ message: `--window ${window} is not a length of time`, hint });
  }
  const time = now === undefined ? clock.now().getTime() : parseUtc(now);
  if (time === null) {
    const hint = "an ISO date or a UTC timestamp: --now 2001-06-15 or --now 2001-06-15T06:00:00Z";
    throw new UserError({ message: `--now ${now} is not a date`, hint });
  }
  return { now: new Date(time), ...(window === undefined ? {} : { window }) };
}

/** `flight-delay@3` or `flight-delay@v3`; without a version, what is in production, or in the environment of the snapshot. Throws UserError with what exists. */
export async function versionReference(
  text: string,
  snapshot: Snapshot,
  environment = "production",
): Promise<{ model: string; version: number }> {
  const match = /^([a-z0-9-]+)(?:@v?([1-9]\d{0,8}))?$/.exec(text);
  if (!match?.[1])
    throw new UserError({
      message: `${text} is not a model reference`,
      hint: "write <model>@<version>, e.g. flight-delay@3",
    });
  const model = await knownModel(match[1], snapshot);
  const versions = await snapshot.versions(model);
  const version = match[2] ? Number(match[2]) : (await snapshot.production(model))?.version;
  if (version === undefined)
    throw new UserError({
      message: `${model} has nothing in ${environment}`,
      hint: `name a version: ${versions.map((each) => `${model}@${each}`).join(", ")}`,
    });
  if (versions.includes(version)) return { model, version };
  throw new UserError({
    message: `${model} has no version ${version}`,
    hint: `it has: ${versions.slice(-10).join(", ")}`,
  });
}

/** The name, if the registry has that model. Throws UserError with the nearest one. */
export async function knownModel(name: string, snapshot: Snapshot): Promise<string> {
  const models = await snapshot.models();
  if (models.includes(name)) return name;
  if (models.length === 0)
    throw new UserError({ message: `the registry has no model ${name}`, hint: "it is empty: mergeml run <model>" });
  const meant = didYouMean(name, models);
  const hint = meant ? `did you mean ${meant}?` : `it has: ${models.slice(0, 10).join(", ")}.`;
  throw new UserError({ message: `the registry has no model ${name}`, hint: `${hint} See: mergeml status` });
}

/** What is added to what a command says of production when the registry is in this repository alone; empty else. */
export function localOnly({ remote, repository }: Pick<Workspace, "remote" | "repository">): string {
  if (remote !== null) return "";
  return `\nLocal only: this repository has no remote, so the registry is its own branch ${repository.registry}, and nobody else sees this`;
}

/** The command that takes a model's last move in an environment back. */
export function rollbackCommand(model: string, environment: string): string {
  return `mergeml rollback ${model}${environment === "production" ? "" : ` --environment ${environment}`}`;
}
