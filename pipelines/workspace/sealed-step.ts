import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { sha256 } from "../config/canonical-json.ts";
import { privateKeyIn, publicKeyIn } from "../trust/key-text.ts";

const head = Buffer.from("mergeml step 1\n");
/** Bytes of an Ed25519 signature. */
const signatureBytes = 64;

/** A result of a step as it lies in a store: signed together with its name, so that it stands for no other inputs. */
export function sealStep(name: string, result: Uint8Array, key: KeyObject): Buffer {
  return Buffer.concat([head, sign(null, signed(name, result), key), result]);
}

/** The result; null unless the owner of the key sealed it under this very name. */
export function openSealedStep(name: string, sealed: Uint8Array, key: KeyObject): Buffer | null {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  const start = head.length + signatureBytes;
  if (bytes.length < start || !bytes.subarray(0, head.length).equals(head)) return null;
  const result = bytes.subarray(start);
  return verify(null, signed(name, result), key, bytes.subarray(head.length, start)) ? result : null;
}

function signed(name: string, result: Uint8Array): Buffer {
  return Buffer.concat([head, Buffer.from(`${name}\n${sha256(result)}\n`)]);
}

/** The public half as mergeml.yaml has it: DER in base64. null for what is none. */
export function publicStepKey(text: string): KeyObject | null {
  return ed25519(publicKeyIn(text));
}

/** The private half as the environment has it: PEM, or DER in base64. null for what is none. */
export function privateStepKey(text: string): KeyObject | null {
  return ed25519(privateKeyIn(text));
}

function ed25519(key: KeyObject | null): KeyObject | null {
  return key?.asymmetricKeyType === "ed25519" ? key : null;
}

/** Whether two keys are halves of one. */
export function areHalves(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey);
}
