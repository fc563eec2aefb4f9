import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import { DamageError } from "./damage.ts";
import { recordFile, versionFolder } from "./paths.ts";
import { recordShape, shapeProblem } from "./record-shape.ts";
import { readRegistryJson } from "./registry-json.ts";
import type { VersionRecord } from "./version-record.ts";

/** Adds the digest: sha256 of the record's canonical JSON without it. */
export function sealRecord(record: Omit<VersionRecord, "digest">): VersionRecord {
  return { ...record, digest: sha256(canonicalJson(record)) };
}

/** version.json as stored: indented, so that a version reads well on the branch's web page. */
export function writeRecord(record: VersionRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Reads version.json of one version. Throws DamageError when it is not what was sealed, or is another version's. */
export function readRecord(content: Uint8Array, model: string, version: number): VersionRecord {
  const file = `${versionFolder(model, version)}/${recordFile}`;
  const record = readRegistryJson(content, file) as unknown as VersionRecord;
  if (record.format !== 1)
    throw new DamageError(file, `has format ${JSON.stringify(record.format)}; this mergeml reads format 1`);
  const { digest, ...sealed } = record;
  if (sha256(canonicalJson(sealed)) !== digest)
    throw new DamageError(file, "was changed after it was registered: its digest does not match");
  const odd = shapeProblem(record, recordShape);
  if (odd !== null) throw new DamageError(file, `is no record of mergeml's: ${odd} is missing or of another kind`);
  if (record.model !== model || record.version !== version) {
    throw new DamageError(file, `is the record of ${record.model}@${record.version}, not of ${model}@${version}`);
  }
  return record;
}
