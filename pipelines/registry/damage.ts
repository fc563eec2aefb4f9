import { UserError } from "../errors/user-error.ts";

/**
 * The branch holds something that mergeml did not write, or not so: a changed byte, an edited record, a promotion that no
 * gate let pass. Readers refuse it rather than serve it.
 */
export class DamageError extends UserError {
  readonly file: string;

  constructor(file: string, found: string, options?: ErrorOptions) {
    super(
      {
        message: `${file} on the registry branch ${found}`,
        hint: "nothing was loaded. See all that is wrong: mergeml verify",
      },
      options,
    );
    this.name = "DamageError";
    this.file = file;
  }
}
