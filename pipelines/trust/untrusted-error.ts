import { UserError } from "../errors/user-error.ts";

/** What `trust` of mergeml.yaml does not let anybody take: not signed, signed by another, or signed as something else. */
export class UntrustedError extends UserError {
  /** Who signed, in words; null when nobody did, or nobody can tell. */
  readonly found: string | null;

  constructor(what: string, { found, wanted, why }: { found: string | null; wanted: string; why: string }) {
    const hint = `wanted: ${wanted}; found: ${found ?? "no signature that holds"}. \`trust\` in mergeml.yaml of the default branch decides; for what reproduce proves: mergeml trust adopt`;
    super({ message: `${what} is not trusted: ${why}`, hint });
    this.name = "UntrustedError";
    this.name = "UntrustedError";
    this.found = found;
  }
}
