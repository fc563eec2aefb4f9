import { canonicalJson } from "../../config/canonical-json.ts";
import type { VersionRecord } from "../version-record.ts";
import { checkBundle, type SignedStatement } from "./check-bundle.ts";
import { describeFound, describeWanted, type TrustPolicy } from "./trust-policy.ts";
import { UntrustedError } from "./untrusted-error.ts";
import { isAbout, type Statement, verdictType } from "./verdict-statement.ts";

/** A version as it lies on the branch, with what vouches for it. */
export interface SignedVersion {
  record: VersionRecord;
  /** sha256 of version.json, byte for byte. */
  recordHash: string;
  /** verdict.sigstore.json; null when it is not there. */
  bundle: Uint8Array | null;
}

/** Checks a bundle as checkBundle does with the policy, here or in a thread. */
export type CheckBundle = (content: Uint8Array | null, what: string) => Promise<SignedStatement>;

/**
 * The one check that every reader of a version makes: one of the policy's signers said `pass` of this very record, which names
 * all other bytes of the version by hash. Throws UntrustedError, naming the version, the signer found and those wanted.
 */
export async function requireTrusted(
  policy: TrustPolicy,
  { record, recordHash, bundle }: SignedVersion,
  check: CheckBundle = (content, what) => checkBundle(policy, content, what),
): Promise<SignedStatement> {
  const { model, version } = record;
  const name = `${model}@${version}`;
  const signed = await check(bundle, name);
  const problem = doubt(signed.statement, record, recordHash);
  if (problem === null) return signed;
  const found = describeFound(signed.signer);
  throw new UntrustedError(name, { found, wanted: describeWanted(policy), why: problem });
}

function doubt(statement: Statement, record: VersionRecord, recordHash: string): string | null {
  const { predicateType, predicate } = statement;
  if (predicateType !== verdictType) return `what is signed is no verdict (${predicateType})`;
  const about = `${String(predicate.model)}@${String(predicate.version)}`;
  if (about !== `${record.model}@${record.version}`) return `its signature is about ${about}`;
  if (predicate.record !== record.digest || !isAbout(statement, "version.json", recordHash))
    return "its signature is about another record than its version.json";
  if (!isAbout(statement, "model.onnx", record.candidate.model.sha256)) return "its signature is about another model";
  const { outcome, rule, summary, judged_on } = record.verdict;
  if (canonicalJson(predicate.verdict) !== canonicalJson({ outcome, rule, summary, judged_on }))
    return "its signature is about another verdict than the record's";
  if (outcome !== "pass") return `the verdict that is signed is ${outcome}`;
  return null;
}
