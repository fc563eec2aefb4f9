import type { Signer } from "@sigstore/verify";

/** Who signed a bundle, once its signature was checked. */
export type FoundSigner =
  | { kind: "key"; name: string }
  | {
      kind: "certificate";
      /** What the certificate is for: a mail address, or the file of a workflow, which may be another repository's. */
      identity: string;
      issuer: string;
      /** The workflow that the job was started as, with its ref; null of a person. */
      workflow: string | null;
      /** The repository that it was started in. */
      repository: string | null;
      commit: string | null;
      /** The run, as an address. */
      run: string | null;
      trigger: string | null;
    };

/** What Fulcio writes of a job of GitHub Actions (fulcio/docs/oid-info.md). */
const extensions = {
  repository: "1.3.6.1.4.1.57264.1.12",
  commit: "1.3.6.1.4.1.57264.1.13",
  workflow: "1.3.6.1.4.1.57264.1.18",
  trigger: "1.3.6.1.4.1.57264.1.20",
  run: "1.3.6.1.4.1.57264.1.21",
} as const;

/** The facts of a checked certificate. */
export function signerOf({ identity }: Signer): FoundSigner {
  const values = new Map(
    (identity?.oids ?? []).map(({ oid, value }) => [oid?.id.join(".") ?? "", utf8String(value)] as const),
  );
  const fact = (name: keyof typeof extensions) => values.get(extensions[name]) ?? null;
  return {
    kind: "certificate",
    identity: identity?.subjectAlternativeName ?? "nobody",
    issuer: identity?.extensions?.issuer ?? "nobody",
    workflow: fact("workflow"),
    repository: fact("repository"),
    commit: fact("commit"),
    run: fact("run"),
    trigger: fact("trigger"),
  };
}

/** The text in a DER UTF8String, or null. */
function utf8String(value: Buffer): string | null {
  if (value[0] !== 0x0c || value.length < 2) return null;
  const first = value[1]!;
  const digits = first < 0x80 ? 0 : first & 0x7f;
  const length = digits === 0 ? first : value.readUIntBE(2, Math.min(digits, 4));
  return value.length === 2 + digits + length ? value.toString("utf8", 2 + digits) : null;
}
