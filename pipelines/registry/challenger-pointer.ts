import { DamageError } from "./damage.ts";
import { challengerFile } from "./paths.ts";
import { checkPointer, readBinding } from "./production-pointer.ts";
import type { ChallengerPointer, VersionRecord } from "./version-record.ts";

/** Reads challenger.json. Throws DamageError when it names no version, or nothing that the version is tried on. */
export function readChallenger(content: Uint8Array, model: string, file = challengerFile(model)): ChallengerPointer {
  const pointer = readBinding(content, file) as ChallengerPointer;
  const { mode, share } = pointer;
  if (mode === "shadow" && share === null) return pointer;
  if (mode === "split" && typeof share === "number" && share > 0 && share < 1) return pointer;
  throw new DamageError(
    file,
    `is neither a shadow nor a split with a share between 0 and 1: mode ${JSON.stringify(mode)}, share ${JSON.stringify(share)}`,
  );
}

/** Throws DamageError unless the pointer names exactly this version, and the gate let that version pass. */
export function checkChallenger(pointer: ChallengerPointer, record: VersionRecord): void {
  checkPointer(pointer, record, challengerFile(record.model));
}

/** `as a shadow`, or `on 10% of the requests`. */
export function challengeWords({ mode, share }: Pick<ChallengerPointer, "mode" | "share">): string {
  return mode === "shadow" ? "as a shadow" : `on ${sharePercent(share)} of the requests`;
}

/** `10%`, without the noise of binary fractions. */
function sharePercent(share: number | null): string {
  return `${Number(((share ?? 0) * 100).toPrecision(12))}%`;
}
