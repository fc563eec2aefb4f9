import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { keyName } from "../../pipelines/registry/trust/key-text.ts";
import { keyStatementSigner, openStatementSigner } from "../../pipelines/registry/trust/statement-signer.ts";
import {
  type RegistryTrust,
  type TrustPolicy,
  type WantedSigner,
  withMaterial,
} from "../../pipelines/registry/trust/trust-policy.ts";
import type { SignedVersion } from "../../pipelines/registry/trust/trusted-version.ts";
import { type Statement, verdictStatement } from "../../pipelines/registry/trust/verdict-statement.ts";
import { versionFiles } from "../../pipelines/registry/version-files.ts";
import { type VersionRecord, writeRecord } from "../../pipelines/registry/version-record.ts";
import { buildCandidate } from "../registry/builders.ts";
import type { SigstoreServices } from "./sigstore-services.ts";

export const opsKey = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const otherKey = generateKeyPairSync("ed25519");

export const byKey = (key: KeyObject, file = "keys/ops.pub"): WantedSigner => ({
  kind: "key",
  file,
  name: keyName(key),
  key,
});

export const byWorkflow = (workflow: string): WantedSigner => ({
  kind: "workflow",
  workflow,
  issuer: "https://token.actions.githubusercontent.com",
});

/** A policy of these signers, with the root of our own Sigstore. */
export function policyOf(signers: readonly WantedSigner[], services?: SigstoreServices): TrustPolicy {
  return {
    required: true,
    signers,
    ...withMaterial(async () => ({ text: services?.root ?? "{}", file: "the root of tests" })),
    sigstore: { fulcio: services?.url ?? "http://127.0.0.1:9", rekor: services?.url ?? "http://127.0.0.1:9" },
    commit: "0".repeat(40),
  };
}

/** What a registry is told where a key signs. */
export function trustOfKey(policy: TrustPolicy | null, key: KeyObject | null): RegistryTrust {
  return { policy: async () => policy, signer: async () => key && keyStatementSigner(key), run: null };
}

/** Signs as a job with these claims does. */
export async function signAsJob(
  statement: Statement,
  services: SigstoreServices,
  env = services.job(),
): Promise<Uint8Array> {
  const place = { env, clock: { now: () => new Date() }, log: silentLog, sleep: async () => {} };
  const signer = openStatementSigner({ sigstore: { fulcio: services.url, rekor: services.url } }, place);
  return signer!.sign(statement);
}

/** A registered version of rent, with the statement that registering signs. */
export function registered(
  version: number,
  change: (record: VersionRecord) => VersionRecord = (record) => record,
): { record: VersionRecord; recordHash: string; statement: Statement } {
  const built = buildCandidate({ tag: `v${version}`, rmse: 500 - version });
  const content = { ...built, model: { file: "model.onnx", content: built.model }, example: null, extras: {} };
  const made = versionFiles({ ...content, pullRequest: 12 }, { version, time: new Date(0), by: "octocat" });
  const record = change(made.record);
  const hashes = Object.fromEntries(made.files.map(({ name, bytes }) => [name, sha256(bytes)]));
  const recordHash = sha256(writeRecord(record));
  const files = { ...hashes, "version.json": recordHash };
  return { record, recordHash, statement: verdictStatement(record, files, { run: null }) };
}

/** It, as it lies on the branch with this signature. */
export function signedBy(
  { record, recordHash }: Pick<SignedVersion, "record" | "recordHash">,
  bundle: Uint8Array | null,
): SignedVersion {
  return { record, recordHash, bundle };
}
