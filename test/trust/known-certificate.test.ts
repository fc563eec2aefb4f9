import { bundleFromJSON, type SerializedBundle } from "@sigstore/bundle";
import { toSignedEntity } from "@sigstore/verify";
import { expect, it } from "vitest";
import {
  broughtCertificate,
  type Certificate,
  trustedCertificate,
} from "../../pipelines/registry/trust/known-certificate.ts";
import { registered, signAsJob } from "./builders.ts";
import { startSigstore } from "./sigstore-services.ts";

/** A certificate as the library reads it, its bytes changed before. */
async function certificateWith(change: (der: Buffer) => Buffer): Promise<() => Certificate> {
  await using services = await startSigstore();
  const written = await signAsJob(registered(1).statement, services);
  const bundle = JSON.parse(Buffer.from(written).toString("utf8")) as SerializedBundle;
  const { certificate } = bundle.verificationMaterial as { certificate: { rawBytes: string } };
  certificate.rawBytes = change(Buffer.from(certificate.rawBytes, "base64")).toString("base64");
  return () => {
    const { key } = toSignedEntity(bundleFromJSON(bundle));
    if (key.$case !== "certificate") throw new Error("the bundle has no certificate");
    return key.certificate;
  };
}

const wholeOf = (certificate: Certificate) => (certificate as unknown as { root: { toDER(): Buffer } }).root.toDER();

/** 30 82 hh ll … with its length in three bytes, which BER allows and DER does not. */
const asLongForm = (der: Buffer) => Buffer.concat([Buffer.from([0x30, 0x83, 0x00]), der.subarray(2)]);

it.each([
  { form: "DER", change: (der: Buffer) => der },
  { form: "another form of the same", change: asLongForm },
])("writes a certificate that came as $form as the library does", async ({ change }) => {
  const read = await certificateWith(change);
  const plain = read();
  for (const known of [broughtCertificate(read(), new Map()), trustedCertificate(read())]) {
    expect(wholeOf(known)).toEqual(wholeOf(plain));
    expect(known.tbsCertificate.toDER()).toEqual(plain.tbsCertificate.toDER());
    expect(known.publicKey).toEqual(plain.publicKey);
    expect(known.equals(plain)).toBe(true);
  }
});

it("writes a clone without its timestamps as the library does, which is what these are about", async () => {
  const read = await certificateWith((der) => der);
  const withoutLast = (certificate: Certificate) => {
    const clone = certificate.clone();
    clone.extensions.pop();
    return clone.tbsCertificate.toDER();
  };
  expect(withoutLast(broughtCertificate(read(), new Map()))).toEqual(withoutLast(read()));
});
