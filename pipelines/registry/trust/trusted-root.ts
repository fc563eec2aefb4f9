import type { KeyObject } from "node:crypto";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { type TrustMaterial, toTrustMaterial } from "@sigstore/verify";
import { UserError } from "../../errors/expected-error.ts";
import { type Certificate, keysOf, trustedCertificate } from "./known-certificate.ts";

/** A trusted root as a file has it, and what the file is called. */
export interface RootFile {
  text: string;
  file: string;
}

/** A trusted root that many bundles are checked with. */
export interface CheckingMaterial extends TrustMaterial {
  /** The keys of its certificate authorities. */
  keys: ReadonlyMap<Certificate, KeyObject>;
}

/** Reads a trusted root: JSON, or JSON lines as `gh attestation trusted-root` writes them. Throws UserError for anything else. */
export function readTrustedRoot({ text, file }: RootFile): CheckingMaterial {
  try {
    const whole = text.trim();
    const roots = isJson(whole) ? [whole] : whole.split("\n").filter((line) => line.trim() !== "");
    const materials = roots.map((each) => toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(each))));
    const certificateAuthorities = materials.flatMap((each) => each.certificateAuthorities.map(known));
    return {
      certificateAuthorities,
      timestampAuthorities: materials.flatMap((each) => each.timestampAuthorities.map(known)),
      tlogs: materials.flatMap((each) => each.tlogs),
      ctlogs: materials.flatMap((each) => each.ctlogs),
      publicKey: materials[0]!.publicKey,
      keys: keysOf(certificateAuthorities.flatMap(({ certChain }) => certChain)),
    };
  } catch (cause) {
    throw new UserError(
      {
        message: `${file} is no trusted root of Sigstore: ${(cause as Error).message}`,
        hint: "write a new one: mergeml trust root > keys/trusted-root.json",
      },
      { cause },
    );
  }
}

/** Since when its newest key or certificate is valid (ISO date): a root has no date of its own. null of one with nothing in it. */
export function newestPart({ text }: RootFile): string | null {
  const starts = [...text.matchAll(/"validFor":\s*\{\s*"start":\s*"(\d{4}-\d\d-\d\d)/g)].map(([, day]) => day!);
  return starts.sort().at(-1) ?? null;
}

function known<Authority extends { certChain: Certificate[] }>(authority: Authority): Authority {
  return { ...authority, certChain: authority.certChain.map(trustedCertificate) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
