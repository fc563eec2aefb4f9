import { UserError } from "../../errors/user-error.ts";

/**
 * A source cannot be reached because this job lacks what it signs in with. Nothing is wrong with the model: a fork's job has
 * no secrets, and a maintainer can run it.
 */
export class MissingCredential extends UserError {
  readonly source: string;

  constructor(source: string, message: string, hint: string) {
    super({ message, hint, key: `sources.${source}` });
    this.name = "MissingCredential";
    this.source = source;
  }
}
