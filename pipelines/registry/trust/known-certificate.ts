import { createPublicKey, type KeyObject, verify as verifySignature } from "node:crypto";
import type { TrustMaterial } from "@sigstore/verify";

/** A parsed certificate, as the library that checks them has it. */
export type Certificate = TrustMaterial["certificateAuthorities"][number]["certChain"][number];
type Part = Certificate["tbsCertificate"];

/** One of those that are trusted: that another of them signed it is found out once, however many bundles are checked with it. */
export function trustedCertificate(certificate: Certificate): Certificate {
  const { verify } = certificate;
  const known = new Map<Certificate | undefined, boolean>();
  certificate.verify = (issuer) => {
    const holds = known.get(issuer) ?? verify.call(certificate, issuer);
    known.set(issuer, holds);
    return holds;
  };
  return withOwnBytes(certificate);
}

/** One that comes with a bundle; the keys of those that are trusted are read already. */
export function broughtCertificate(certificate: Certificate, keys: ReadonlyMap<Certificate, KeyObject>): Certificate {
  const { verify } = certificate;
  certificate.verify = (issuer) => {
    const key = issuer && keys.get(issuer);
    if (!key) return verify.call(certificate, issuer);
    const { tbsCertificate, signatureAlgorithm, signatureValue } = certificate;
    return verifySignature(signatureAlgorithm, tbsCertificate.toDER(), key, signatureValue);
  };
  return withOwnBytes(certificate);
}

/** The keys of certificates. */
export function keysOf(certificates: readonly Certificate[]): Map<Certificate, KeyObject> {
  return new Map(
    certificates.map((each) => [each, createPublicKey({ key: each.publicKey, format: "der", type: "spki" })]),
  );
}

/**
 * A certificate is written as DER a dozen times while it is checked, which is most of what a check costs beside the signatures.
 * A part that came as DER is written already.
 */
function withOwnBytes(certificate: Certificate): Certificate {
  const { clone, tbsCertificate } = certificate;
  const { root } = certificate as unknown as { root: Part };
  keepBytes([root, tbsCertificate, ...tbsCertificate.subs]);
  // An extension is taken from a clone before that is written again: what holds the extensions does not stay as it came.
  certificate.clone = () => {
    const copy = clone.call(certificate);
    keepBytes([...copy.tbsCertificate.subs.filter(({ tag }) => !tag.isContextSpecific(0x03)), ...copy.extensions]);
    return copy;
  };
  return certificate;
}

function keepBytes(parts: readonly Part[]): void {
  for (const part of parts) {
    const bytes = ownBytes(part);
    if (bytes) part.toDER = () => bytes;
  }
}

/** The bytes that a part was read from, when writing it gives these: each length as short as can be. null when it does not. */
function ownBytes({ tag, value, subs }: Part): Buffer | null {
  const head = headOf(tag.toDER(), value.length);
  const start = value.byteOffset - head.length;
  if (start < 0) return null;
  const bytes = Buffer.from(value.buffer, start, head.length + value.length);
  if (!head.every((byte, at) => bytes[at] === byte)) return null;
  let end = value.byteOffset;
  for (const sub of subs) {
    const inner = ownBytes(sub);
    if (inner?.buffer !== value.buffer || inner.byteOffset !== end) return null;
    end += inner.length;
  }
  return subs.length === 0 || end === value.byteOffset + value.length ? bytes : null;
}

/** Tag and length as DER has them (X.690, 10.1). */
function headOf(tag: number, length: number): number[] {
  if (length < 0x80) return [tag, length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) digits.unshift(rest % 0x100);
  return [tag, 0x80 | digits.length, ...digits];
}
