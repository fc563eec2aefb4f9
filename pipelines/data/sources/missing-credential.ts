import { type Problem, UserError } from "../../errors/user-error.ts";

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
