import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** A private key that can sign: PEM, or DER (PKCS #8) in base64. null for what is none. */
export function privateKeyIn(text: string): KeyObject | null {
  return usable(() =>
    text.includes("-----BEGIN")
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" }),
  );
}

/** A public key: PEM, or DER (SPKI) in base64. null for what is none, and for a private key. */
export function publicKeyIn(text: string): KeyObject | null {
  if (text.includes("PRIVATE KEY")) return null;
  return usable(() =>
    text.includes("-----BEGIN")
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" }),
  );
}

/** What a key is called: `sha256:` and the hash of its public half (SPKI, DER). */
export function keyName(key: KeyObject): string {
  const half = key.type === "private" ? createPublicKey(key) : key;
  const der = half.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(der).digest("hex")}`;
}

function usable(read: () => KeyObject): KeyObject | null {
  try {
    const key = read();
    const isCurve = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return key.asymmetricKeyType === "ed25519" || isCurve ? key : null;
  } catch {
    return null;
  }
}
