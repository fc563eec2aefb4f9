import type { FromVariable } from "../../config/model-config.ts";
import { type Problem, UserError } from "../../errors/expected-error.ts";
import type { Environment } from "../../ports/host.ts";

/**
 * A source cannot be reached because this job lacks what it signs in with. Nothing is wrong with the model: a fork's job has
 * no secrets, and a maintainer can run it.
 */
export class MissingCredential extends UserError {
  constructor(source: string, message: string, hint: string) {
    super({ message, hint, key: `sources.${source}`, lacks: "credential" } satisfies Problem);
    this.name = "MissingCredential";
  }
}

/** Whether all that an error tells is that this job lacks credentials, also when it comes from another process. */
export function lacksCredential(error: unknown): error is UserError {
  return error instanceof UserError && error.problems.every(({ lacks }) => lacks === "credential");
}

/** The value of a variable that a source names. Throws MissingCredential when it is not set; the value is in no error. */
export function variableOf(source: string, { env: name }: FromVariable, env: Environment): string {
  const value = env[name]?.trim();
  if (value) return value;
  throw new MissingCredential(
    source,
    `the source ${source} needs the environment variable ${name}, which is not set`,
    `set ${name}: on GitHub, add it as a secret and pass it to the job; a fork's job has none, and a maintainer can run it`,
  );
}
