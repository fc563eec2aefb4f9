import { sha256 } from "../config/canonical-json.ts";
import { EnvironmentError, UserError } from "../errors/expected-error.ts";
import type { Log } from "../ports/host.ts";
import type { FileChange } from "./git/objects.ts";
import type { VersionFile } from "./read-records.ts";
import { describeFound, describeWanted, type RegistryTrust, type TrustPolicy } from "./trust/trust-policy.ts";
import { type Adoption, type Statement, verdictBundleFile } from "./trust/verdict-statement.ts";
import { pointerBundleFile, type VersionRecord, versionFolder } from "./version-record.ts";

/** What signs what is written to the branch. */
export interface SigningWriter {
  trust?: RegistryTrust | undefined;
  log: Log;
}

/** verdict.sigstore.json of a version: its verdict, signed, with the hashes of its files, version.json among them. null where nothing has to be signed, or nothing can. */
export async function signVerdict(
  writer: SigningWriter,
  record: VersionRecord,
  files: Readonly<Record<string, string>>,
  adopted?: Adoption,
): Promise<VersionFile | null> {
  const policy = (await writer.trust?.policy()) ?? null;
  if (!policy) return null;
  const { verdictStatement } = await import("./trust/verdict-statement.ts");
  const statement = verdictStatement(record, files, { run: writer.trust?.run ?? null, ...(adopted && { adopted }) });
  const bytes = await signStatement(writer, policy, statement, `${record.model}@${record.version}`);
  return bytes && { name: verdictBundleFile, bytes };
}

/** A move of a pointer, as its commit tells it. */
export interface SignedMove {
  environment: string;
  from: number | null;
  record: VersionRecord;
  /** The pointer file. */
  path: string;
  content: string;
  by: string;
  since: Date;
  pullRequest: number | null;
  why: string;
  approvedBy?: readonly string[];
}

/** The change that puts a signed statement beside a pointer that moves; none where nothing has to be signed, or nothing can. */
export async function signMove(writer: SigningWriter, move: SignedMove, patience?: number): Promise<FileChange[]> {
  const policy = (await writer.trust?.policy()) ?? null;
  if (!policy) return [];
  const { promotionStatement } = await import("./trust/promotion-statement.ts");
  const { path: file, content, since, ...told } = move;
  const run = writer.trust?.run ?? null;
  const approvedBy = move.approvedBy ?? [];
  const statement = promotionStatement({
    ...told,
    approvedBy,
    file,
    hash: sha256(content),
    since: since.toISOString(),
    run,
  });
  const what = `the promotion of ${move.record.model}@${move.record.version}`;
  const bytes = await signStatement(writer, policy, statement, what, patience);
  return bytes ? [{ path: pointerBundleFile(file), content: bytes }] : [];
}

/**
 * As signMove, of a pointer that goes back to where it was: whoever can sign says so at once, and going back waits for nobody and
 * needs no signature. null when nobody has signed it.
 */
export async function signReturn(writer: SigningWriter, move: SignedMove): Promise<FileChange | null> {
  const policy = (await writer.trust?.policy()) ?? null;
  if (policy === null || (await writer.trust?.signer(policy)) === null) return null;
  try {
    return (await signMove(writer, move, 0))[0] ?? null;
  } catch (error) {
    if (!(error instanceof UserError || error instanceof EnvironmentError)) throw error;
    writer.log.warn(`the way back to ${move.record.model}@${move.record.version} is not signed: ${error.message}`);
    return null;
  }
}

/** The change that adds the verdict's signature to the folder of a version. */
export function bundleChange({ model, version }: VersionRecord, bundle: VersionFile): FileChange {
  return { path: `${versionFolder(model, version)}/${bundle.name}`, content: bundle.bytes };
}

/** Signs, and checks the signature as every reader will, before anything is written. */
async function signStatement(
  { trust, log }: SigningWriter,
  policy: TrustPolicy,
  statement: Statement,
  what: string,
  patience?: number,
): Promise<Uint8Array | null> {
  const signer = (await trust?.signer(policy)) ?? null;
  if (signer === null) {
    if (policy.required) throw nothingToSignWith(policy, what);
    log.warn(`${what} is not signed: nothing is configured to sign with`);
    return null;
  }
  const bundle = await signer.sign(statement, patience);
  const { checkBundle } = await import("./trust/check-bundle.ts");
  try {
    const { signer: found } = await checkBundle(policy, bundle, what);
    log.info(`  ${what} is signed by ${describeFound(found)}`);
  } catch (error) {
    if (policy.required) throw error;
    log.warn(`${what}: the signature would not be trusted: ${(error as Error).message}`);
  }
  return bundle;
}

/** What must be signed where nothing can sign it. */
export function nothingToSignWith(policy: TrustPolicy, what: string): UserError {
  return new UserError({
    message: `${what} must be signed, and nothing is configured to sign with; nothing was written`,
    hint: `wanted: ${describeWanted(policy)}. A job signs by itself with the permission id-token: write; elsewhere give a key in MERGEML_SIGNING_KEY, or a token in SIGSTORE_ID_TOKEN`,
  });
}
