import { sha256 } from "../config/canonical-json.ts";
import type { SignedStatement } from "../trust/check-bundle.ts";
import type { RegistryTrust } from "../trust/registry-trust.ts";
import { verdictBundleFile } from "../trust/statement.ts";
import type { Vouched } from "../trust/version-checks.ts";
import type { Git } from "./git/git.ts";
import { readAllObjects, readObjects } from "./git/objects.ts";
import { fetchFileOf } from "./partial-clone.ts";
import { recordFile, versionFolder } from "./paths.ts";
import type { VersionRecord } from "./version-record.ts";

/** Who vouches for a version of a registry at `tip`. */
export interface VouchedSource {
  git: Git;
  trust?: RegistryTrust | undefined;
}

/**
 * Who signed a version's verdict; null where the default branch's mergeml.yaml asks for nobody. All readers come by here. Throws
 * UntrustedError for a version that none of the wanted signers signed.
 */
export async function whoSigned(
  { git, trust }: VouchedSource,
  tip: string | null,
  record: VersionRecord,
): Promise<SignedStatement | null> {
  const policy = (await trust?.policy()) ?? null;
  if (!policy?.required) return null;
  const folder = versionFolder(record.model, record.version);
  const [written, bundle] = await readAllObjects(
    git,
    [recordFile, verdictBundleFile].map((name) => `${tip}:${folder}/${name}`),
  );
  const recordHash = sha256(written?.content ?? "");
  const { requireTrusted } = await import("../trust/trusted-version.ts");
  return requireTrusted(policy, { record, recordHash, bundle: bundle?.content ?? null });
}

/**
 * Who vouches for each of these versions, in their order and read at once: an error for one that none of the wanted signers signed,
 * whether or not they must have; null where no mergeml.yaml wants any.
 */
export async function vouchersOf(
  { git, trust }: VouchedSource,
  tip: string | null,
  records: readonly VersionRecord[],
): Promise<Vouched[]> {
  const { openVersionChecks } = await import("../trust/version-checks.ts");
  await using checks = await openVersionChecks(trust, records.length);
  const folders = records.map(({ model, version }) => `${tip}:${versionFolder(model, version)}`);
  await fetchFileOf(git, folders, verdictBundleFile);
  const files = records.flatMap(({ model, version }) =>
    [recordFile, verdictBundleFile].map((name) => `${tip}:${versionFolder(model, version)}/${name}`),
  );
  const contents = readObjects(git, files);
  const read = async () => (await contents.next()).value?.content ?? null;
  const found: Promise<Vouched>[] = [];
  try {
    for (const record of records) {
      const recordHash = sha256((await read()) ?? "");
      await checks.room();
      found.push(checks.check({ record, recordHash, bundle: await read() }));
    }
  } finally {
    await contents.return(undefined);
  }
  return await Promise.all(found); // before the threads end
}
