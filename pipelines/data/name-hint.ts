import { didYouMean } from "../errors/expected-error.ts";

/** `did you mean distance?  ` when a name is near, else nothing; to put before a list of all names. */
export function nameHint(written: string, names: readonly string[]): string {
  const near = didYouMean(written, names);
  return near === null ? "" : `did you mean ${near}?  `;
}
