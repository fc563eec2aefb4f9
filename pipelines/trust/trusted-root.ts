import { TrustedRoot } from "@sigstore/protobuf-specs";
import seeds from "@sigstore/tuf/seeds.json" with { type: "json" };
import { type TrustMaterial, toTrustMaterial } from "@sigstore/verify";
import { UserError } from "../errors/user-error.ts";

/** Sigstore's public services, as the library that keeps them up to date was released with. */
export function builtInRoot(): string {
  const { targets } = seeds["https://tuf-repo-cdn.sigstore.dev"];
  return Buffer.from(targets["trusted_root.json"], "base64").toString("utf8");
}

/** Reads a trusted root: JSON, or JSON lines as `gh attestation trusted-root` writes them. Throws UserError for anything else. */
export function readTrustedRoot(text: string, file: string): TrustMaterial {
  try {
    const whole = text.trim();
    const roots = isJson(whole) ? [whole] : whole.split("\n").filter((line) => line.trim() !== "");
    const materials = roots.map((each) => toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(each))));
    return {
      certificateAuthorities: materials.flatMap((each) => each.certificateAuthorities),
      timestampAuthorities: materials.flatMap((each) => each.timestampAuthorities),
      tlogs: materials.flatMap((each) => each.tlogs),
      ctlogs: materials.flatMap((each) => each.ctlogs),
      publicKey: materials[0]!.publicKey,
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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
