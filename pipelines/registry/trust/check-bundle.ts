import { verify, X509Certificate } from "node:crypto";
import type { Bundle, SerializedBundle } from "@sigstore/bundle";
import { type FoundSigner, signerOf } from "./found-signer.ts";
import { broughtCertificate } from "./known-certificate.ts";
import { accepts, describeFound, describeWanted, type TrustPolicy } from "./trust-policy.ts";
import { UntrustedError, unsigned } from "./untrusted-error.ts";
import { parseStatement, payloadType, type Statement } from "./verdict-statement.ts";

/** A statement and who signed it, both checked. */
export interface SignedStatement {
  statement: Statement;
  signer: FoundSigner;
}

/** More than this no statement of a version needs; a bundle is read before anybody vouches for it. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Checks a Sigstore bundle with a DSSE envelope: the signature, the certificate and the log entry of one made without a key, and
 * that one of the policy's signers made it. `what` names what it vouches for. Throws UntrustedError.
 */
export async function checkBundle(
  policy: TrustPolicy,
  content: Uint8Array | null,
  what: string,
): Promise<SignedStatement> {
  const wanted = describeWanted(policy);
  const refuse = (why: string, found: string | null = null) => new UntrustedError(what, { found, wanted, why });
  if (content === null) throw refuse(unsigned);
  if (content.length > mostBytes) throw refuse("its signature is too large to be one");
  const bundle = await parseBundle(content);
  if (bundle?.content.$case !== "dsseEnvelope") throw refuse("its signature is no Sigstore bundle with a statement");
  const { dsseEnvelope } = bundle.content;
  if (dsseEnvelope.payloadType !== payloadType || dsseEnvelope.signatures.length !== 1)
    throw refuse("its signature is not one over an in-toto statement");
  const signer = await signerOfBundle(policy, bundle, refuse);
  if (!accepts(policy, signer)) throw refuse("it is signed by another than it must be", describeFound(signer));
  const statement = parseStatement(dsseEnvelope.payload);
  if (statement === null) throw refuse("what is signed is no statement", describeFound(signer));
  return { statement, signer };
}

async function parseBundle(content: Uint8Array): Promise<Bundle | null> {
  try {
    const { bundleFromJSON } = await import("@sigstore/bundle");
    return bundleFromJSON(JSON.parse(Buffer.from(content).toString("utf8")) as SerializedBundle);
  } catch {
    return null;
  }
}

type Refuse = (why: string, found?: string | null) => UntrustedError;

async function signerOfBundle(policy: TrustPolicy, bundle: Bundle, refuse: Refuse): Promise<FoundSigner> {
  const { content } = bundle.verificationMaterial;
  return content.$case === "publicKey" ? keySigner(policy, bundle, refuse) : certificateSigner(policy, bundle, refuse);
}

/** A key's name in a bundle is a hint: the key is one of the policy's whose check of the signature holds. */
function keySigner({ signers }: TrustPolicy, bundle: Bundle, refuse: Refuse): FoundSigner {
  if (bundle.content.$case !== "dsseEnvelope" || bundle.verificationMaterial.content.$case !== "publicKey")
    throw refuse("its signature is no Sigstore bundle with a statement");
  const { payload, signatures } = bundle.content.dsseEnvelope;
  const signed = preAuthentication(payload);
  const { hint } = bundle.verificationMaterial.content.publicKey;
  const found = signers.find(
    (each) => each.kind === "key" && verify(algorithmOf(each.key), signed, each.key, signatures[0]!.sig),
  );
  if (found?.kind === "key") return { kind: "key", name: found.name };
  const isNamed = signers.some((each) => each.kind === "key" && each.name === hint);
  const name = `a key (${hint.slice(0, 60) || "without a name"})`;
  throw isNamed
    ? refuse("its signature does not match what is signed", name)
    : refuse("it is signed by another than it must be", name);
}

async function certificateSigner(policy: TrustPolicy, bundle: Bundle, refuse: Refuse): Promise<FoundSigner> {
  const { toSignedEntity, Verifier } = await import("@sigstore/verify");
  const material = await policy.material();
  const tlogThreshold = policy.sigstore.rekor === undefined ? 0 : 1;
  try {
    const verifier = new Verifier(material, { tlogThreshold, ctlogThreshold: material.ctlogs.length > 0 ? 1 : 0 });
    const entity = toSignedEntity(bundle);
    if (entity.key.$case === "certificate") broughtCertificate(entity.key.certificate, material.keys);
    return signerOf(verifier.verify(entity));
  } catch (error) {
    // Whatever is thrown on the way, nothing has been proved.
    throw refuse(`its signature does not hold: ${(error as Error).message}`, claimedName(bundle));
  }
}

/** Whom a certificate names that proves nothing; null when it cannot be read. */
function claimedName({ verificationMaterial: { content } }: Bundle): string | null {
  try {
    const chain = content.$case === "x509CertificateChain" ? content.x509CertificateChain.certificates : [];
    const leaf = content.$case === "certificate" ? content.certificate : chain[0];
    const name = leaf && new X509Certificate(leaf.rawBytes).subjectAltName;
    return name ? `one that calls itself ${name.replace(/^(URI|email):/, "")}` : null;
  } catch {
    return null;
  }
}

/** The bytes that a DSSE signature is over (its PAE, version 1). */
export function preAuthentication(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Ed25519 hashes by itself. */
export function algorithmOf({ asymmetricKeyType }: { asymmetricKeyType?: string | undefined }): "sha256" | null {
  return asymmetricKeyType === "ed25519" ? null : "sha256";
}
