import { UserError } from "../../errors/expected-error.ts";

/** Why somebody is not trusted. */
export interface Doubt {
  /** Who signed, in words; null when nobody did, or nobody can tell. */
  found: string | null;
  wanted: string;
  why: string;
}

/** Why, of what comes without a signature. */
export const unsigned = "nobody has signed it";

/** What `trust` of mergeml.yaml does not let anybody take: not signed, signed by another, or signed as something else. */
export class UntrustedError extends UserError {
  readonly doubt: Doubt;

  constructor(what: string, doubt: Doubt) {
    const { found, wanted, why } = doubt;
    const hint = `wanted: ${wanted}; found: ${found ?? "no signature that holds"}. \`trust\` in mergeml.yaml of the default branch decides; for what reproduce proves: mergeml trust adopt`;
    super({ message: `${what} is not trusted: ${why}`, hint });
    this.name = "UntrustedError";
    this.doubt = doubt;
  }
}
