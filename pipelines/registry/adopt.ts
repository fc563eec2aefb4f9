import { sha256 } from "../config/canonical-json.ts";
import { readAllObjects } from "./git/objects.ts";
import { recordFile, versionFolder } from "./paths.ts";
import { bundleChange, signVerdict } from "./sign-writes.ts";
import { requireVerdict } from "./still-passes.ts";
import { type Writer, writeBranch } from "./write-branch.ts";

/** A version of before signatures, and what was done to prove it. */
export interface ProvedVersion {
  version: number;
  /** Digest of the record that was proved: what was changed since is not adopted. */
  record: string;
  proof: string;
}

/** Signs proved versions in one commit; gives its id, or null when nothing was left to sign. */
export async function adoptProved(
  writer: Writer,
  model: string,
  proved: readonly ProvedVersion[],
): Promise<string | null> {
  return writeBranch<string | null>(writer, async (snapshot, { identity, now }) => {
    const changes = [];
    const versions: number[] = [];
    for (const { version, record: digest, proof } of proved) {
      const record = await snapshot.record(model, version);
      if (record.digest !== digest) continue;
      requireVerdict(record);
      const [file] = await readAllObjects(writer.git, [
        `${snapshot.tip}:${versionFolder(model, version)}/${recordFile}`,
      ]);
      const files = { ...record.files, [recordFile]: sha256(file?.content ?? "") };
      const adopted = { at: now.toISOString(), by: identity.name, proof };
      const bundle = await signVerdict(writer, record, files, adopted);
      if (bundle === null) continue;
      changes.push(bundleChange(record, bundle));
      versions.push(version);
    }
    const message = `trust(${model}): adopt ${versions.map((each) => `v${each}`).join(", ")}\n`;
    return {
      commits: changes.length > 0 ? [{ message, changes }] : [],
      result: (ids) => ids[0] ?? null,
    };
  });
}
